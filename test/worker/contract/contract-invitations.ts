import { env } from "cloudflare:workers";
import { type Api, api, newKey, ok } from "../../harness/client.ts";
import { codeOf, lastMail, tokenOf } from "../../harness/mailbox.ts";
import { newAccount, subscribe } from "../../harness/people.ts";
import type { Contract } from "./contract-world.ts";
import { person } from "../people/invitations-world.ts";
import { fetch as unwatched } from "../access/operators-world.ts";

const keyed = () => ({ idempotencyKey: newKey() });

/** Invitations by mail, one by one and in bulk, and links by which operators join. */
export async function invitationCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const owner = await newAccount(fetch, platform, "vendor");
  await subscribe(platform, owner.accountId);
  ok(await platform.put(`/v1/accounts/${owner.accountId}/mail-quota`, { mailsPerDay: 600 }), 200);
  const anybody = api(fetch, null);
  const make = async () =>
    ok(
      await owner.api.post<{ id: string; email: string }>(
        "/v1/invitations",
        { ...person(), role: "operator" },
        keyed(),
      ),
      201,
    ).body;
  for (const path of ["/v1/invitations", "/v1/members"])
    ok(await owner.api.post(path, { ...person(), role: "operator", dryRun: true }, keyed()), 200);
  const command = keyed();
  const twice = { ...person(), role: "operator", grants: [{ resourceType: "product", access: "view" }] };
  for (const _ of [1, 2]) ok(await owner.api.post("/v1/invitations", twice, command), 201);
  ok(await owner.api.post("/v1/invitations", twice, keyed()), 409);
  ok(await owner.api.post("/v1/invitations/bulk", { invitations: [twice] }, command), 422);
  const bulk = keyed();
  const invitations = [{ ...person(), role: "operator" }, {}, twice];
  for (const _ of [1, 2]) ok(await owner.api.post("/v1/invitations/bulk", { invitations }, bulk), 200);

  const { id, email } = await make();
  ok(await owner.api.get("/v1/invitations?status=pending&limit=1"), 200);
  ok(await owner.api.get(`/v1/invitations/${id}`), 200);
  ok(await owner.api.post(`/v1/invitations/${id}/resend`), 429);
  await env.DB.prepare("UPDATE invitation SET mail_at = 0 WHERE id = ?").bind(id).run();
  ok(await owner.api.post(`/v1/invitations/${id}/resend`), 200);
  const accept = { token: tokenOf(await lastMail(unwatched, email, "invitation")), signIn: true };
  ok(await anybody.post("/v1/invitations/accept", accept), 200);
  ok(await anybody.post("/v1/invitations/accept", accept), 409);
  const gone = await make();
  ok(
    await anybody.post("/v1/invitations/accept", {
      token: tokenOf(await lastMail(unwatched, gone.email, "invitation")),
    }),
    200,
  );
  ok(await owner.api.del(`/v1/invitations/${gone.id}`), 409);
  ok(await owner.api.del(`/v1/invitations/${(await make()).id}`), 204);
  await links(anybody, owner.api);
}

async function links(anybody: Api, owner: Api): Promise<void> {
  const command = keyed();
  const { id, url } = ok(
    await owner.post<{ id: string; url: string }>(
      "/v1/operator-links",
      { name: "Support", maxUses: 2 },
      command,
    ),
    201,
  ).body;
  ok(await owner.post("/v1/operator-links", { name: "Support", maxUses: 2 }, command), 201);
  ok(await owner.get("/v1/operator-links"), 200);
  ok(await owner.get(`/v1/operator-links/${id}/url`), 200);
  const token = url.slice(url.indexOf("=") + 1);
  for (const signIn of [false, true]) {
    const joining = person();
    ok(await anybody.post("/v1/auth/codes", { email: joining.email, link: token }), 202);
    const code = codeOf(await lastMail(unwatched, joining.email, "join"));
    ok(await anybody.post("/v1/operator-links/join", { ...joining, token, code, signIn }), 201);
  }
  ok(await owner.del(`/v1/operator-links/${id}`), 204);
}
