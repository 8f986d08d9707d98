import { env } from "cloudflare:workers";
import { type Api, newKey, ok, type Problem } from "../../harness/client.ts";
import { newAccount, newMember } from "../../harness/people.ts";
import type { Contract } from "./contract-world.ts";

/** An erasure, and an older copy of the database: stopped, read and accepted. */
export async function trailCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const owner = await newAccount(fetch, platform, "team");
  const { memberId } = await newMember(fetch, owner, { roles: ["member"] });
  ok(await owner.api.post("/v1/audit/erasures", { memberId }), 409);
  const etag = ok(await owner.api.get(`/v1/members/${memberId}`), 200).headers.get("etag") ?? "";
  ok(await owner.api.del(`/v1/members/${memberId}`, { ifMatch: etag }), 204);
  ok(await owner.api.post("/v1/audit/erasures", { memberId, reason: "asked for" }), 200);

  ok(await owner.api.get("/v1/audit"), 200);
  await env.DB.prepare("DELETE FROM audit_head WHERE account_id = ?").bind(owner.accountId).run();
  await env.DB.prepare("DELETE FROM audit_event WHERE account_id = ?").bind(owner.accountId).run();
  ok(await owner.api.get<Problem>("/v1/audit"), 503);
  const path = `/v1/accounts/${owner.accountId}/restored-state`;
  const { database } = ok(await platform.get<{ database: object }>(path), 200).body;
  ok(
    await platform.post(`${path}/accept`, {
      ...database,
      hash: newKey().replaceAll("-", "").repeat(2),
      reason: "r",
    }),
    409,
  );
  ok(await platform.post(`${path}/accept`, { ...database, reason: "r" }), 200);
  ok(await platform.get(path), 200);
  ok(await owner.api.get("/v1/audit/verify"), 200);
}
