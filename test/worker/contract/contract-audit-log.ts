import { env } from "cloudflare:workers";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { newAccount, newMember } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";

/** An erasure, and an older copy of the database: stopped, read and accepted. */
export async function auditLogCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const owner = await newAccount(fetch, platform, "team");
  const { memberId } = await newMember(fetch, owner, { roles: ["member"] });
  expectStatus(await owner.api.post("/v1/audit/erasures", { memberId }), 409);
  const etag = expectStatus(await owner.api.get(`/v1/members/${memberId}`), 200).headers.get("etag") ?? "";
  expectStatus(await owner.api.del(`/v1/members/${memberId}`, { ifMatch: etag }), 204);
  expectStatus(await owner.api.post("/v1/audit/erasures", { memberId, reason: "asked for" }), 200);

  expectStatus(await owner.api.get("/v1/audit"), 200);
  await env.DB.prepare("DELETE FROM audit_head WHERE account_id = ?").bind(owner.accountId).run();
  await env.DB.prepare("DELETE FROM audit_event WHERE account_id = ?").bind(owner.accountId).run();
  expectStatus(await owner.api.get<Problem>("/v1/audit"), 503);
  const path = `/v1/accounts/${owner.accountId}/restored-state`;
  const { database } = expectStatus(await platform.get<{ database: object }>(path), 200).body;
  expectStatus(
    await platform.post(`${path}/accept`, {
      ...database,
      hash: newIdempotencyKey().replaceAll("-", "").repeat(2),
      reason: "r",
    }),
    409,
  );
  expectStatus(await platform.post(`${path}/accept`, { ...database, reason: "r" }), 200);
  expectStatus(await platform.get(path), 200);
  expectStatus(await owner.api.get("/v1/audit/verify"), 200);
}
