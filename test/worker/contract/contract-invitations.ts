import { env } from "cloudflare:workers";
import { type Api, api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, activateSubscription } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";
import { newPerson } from "../people/invitations-fixture.ts";
import { fetch as unwatched } from "../access/operators-fixture.ts";

const idempotent = () => ({ idempotencyKey: newIdempotencyKey() });

/** Invitations by mail, one by one and in bulk, and links by which operators join. */
export async function invitationCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const owner = await newAccount(fetch, platform, "vendor");
  await activateSubscription(platform, owner.accountId);
  expectStatus(await platform.put(`/v1/accounts/${owner.accountId}/mail-quota`, { mailsPerDay: 600 }), 200);
  const anybody = api(fetch, null);
  const make = async () =>
    expectStatus(
      await owner.api.post<{ id: string; email: string }>(
        "/v1/invitations",
        { ...newPerson(), role: "operator" },
        idempotent(),
      ),
      201,
    ).body;
  for (const path of ["/v1/invitations", "/v1/members"])
    expectStatus(
      await owner.api.post(path, { ...newPerson(), role: "operator", dryRun: true }, idempotent()),
      200,
    );
  const command = idempotent();
  const twice = { ...newPerson(), role: "operator", grants: [{ resourceType: "product", access: "view" }] };
  for (const _ of [1, 2]) expectStatus(await owner.api.post("/v1/invitations", twice, command), 201);
  expectStatus(await owner.api.post("/v1/invitations", twice, idempotent()), 409);
  expectStatus(await owner.api.post("/v1/invitations/bulk", { invitations: [twice] }, command), 422);
  const bulk = idempotent();
  const invitations = [{ ...newPerson(), role: "operator" }, {}, twice];
  for (const _ of [1, 2])
    expectStatus(await owner.api.post("/v1/invitations/bulk", { invitations }, bulk), 200);

  const { id, email } = await make();
  expectStatus(await owner.api.get("/v1/invitations?status=pending&limit=1"), 200);
  expectStatus(await owner.api.get(`/v1/invitations/${id}`), 200);
  expectStatus(await owner.api.post(`/v1/invitations/${id}/resend`), 429);
  await env.DB.prepare("UPDATE invitation SET mail_at = 0 WHERE id = ?").bind(id).run();
  expectStatus(await owner.api.post(`/v1/invitations/${id}/resend`), 200);
  const accept = { token: tokenOf(await lastMail(unwatched, email, "invitation")), signIn: true };
  expectStatus(await anybody.post("/v1/invitations/accept", accept), 200);
  expectStatus(await anybody.post("/v1/invitations/accept", accept), 409);
  const gone = await make();
  expectStatus(
    await anybody.post("/v1/invitations/accept", {
      token: tokenOf(await lastMail(unwatched, gone.email, "invitation")),
    }),
    200,
  );
  expectStatus(await owner.api.del(`/v1/invitations/${gone.id}`), 409);
  expectStatus(await owner.api.del(`/v1/invitations/${(await make()).id}`), 204);
  await links(anybody, owner.api);
}

async function links(anybody: Api, owner: Api): Promise<void> {
  const command = idempotent();
  const { id, url } = expectStatus(
    await owner.post<{ id: string; url: string }>(
      "/v1/operator-links",
      { name: "Support", maxUses: 2 },
      command,
    ),
    201,
  ).body;
  expectStatus(await owner.post("/v1/operator-links", { name: "Support", maxUses: 2 }, command), 201);
  expectStatus(await owner.get("/v1/operator-links"), 200);
  expectStatus(await owner.get(`/v1/operator-links/${id}/url`), 200);
  const token = url.slice(url.indexOf("=") + 1);
  for (const signIn of [false, true]) {
    const joining = newPerson();
    expectStatus(await anybody.post("/v1/auth/codes", { email: joining.email, link: token }), 202);
    const code = codeOf(await lastMail(unwatched, joining.email, "join"));
    expectStatus(await anybody.post("/v1/operator-links/join", { ...joining, token, code, signIn }), 201);
  }
  expectStatus(await owner.del(`/v1/operator-links/${id}`), 204);
}
