import { type Api, newKey, ok } from "../../harness/client.ts";
import { newAccount } from "../../harness/people.ts";
import { customer, JOIN, newMessage, post, postRaw, SECRETS } from "../../harness/webhook.ts";
import type { Contract } from "./contract-world.ts";

/**
 * A hook from its making to its end, and what came in through it: taken, repeated, refused, denied and at
 * fault.
 */
export async function hookCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { api: who } = await newAccount(fetch, platform, "team");
  const command = { idempotencyKey: newKey() };
  const body = { name: "Shop", scheme: "standard", mapping: JOIN };
  const { id, newSecret: secret } = ok(
    await who.post<{ id: string; newSecret: string }>("/v1/hooks", body, command),
    201,
  ).body;
  ok(await who.post("/v1/hooks", body, command), 201);
  ok(await who.post("/v1/hooks", { ...body, mapping: { rules: [] } }, { idempotencyKey: newKey() }), 422);
  ok(await who.post("/v1/hooks", body), 400);
  const path = `/v1/hooks/${id}`;
  const hook = { id, secret, scheme: "standard" as const };
  const message = newMessage();
  const payload = customer("contract-hook@example.com", "c-1");
  ok(await who.post(`${path}/try`, { payload }), 200);
  for (const _ of ["first", "again"]) ok(await post(fetch, hook, payload, { id: message }), 200);
  ok(await post(fetch, hook, { type: "other" }), 200);
  ok(await post(fetch, hook, customer("nobody")), 422);
  ok(await post(fetch, { ...hook, secret: SECRETS.standard }, payload), 401);
  ok(await postRaw(fetch, id, "a=1", { "content-type": "text/plain" }), 415);
  for (const each of ["/v1/hooks", path, `${path}/deliveries?limit=2`]) ok(await who.get(each), 200);
  ok(await who.patch(path, { newSecret: true, name: "Store" }, { ifMatch: '"1"' }), 200);
  ok(await who.patch(path, { name: "x" }, { ifMatch: '"1"' }), 412);
  ok(await who.patch(path, { name: "x" }), 428);
  ok(await who.del(path), 204);
  ok(await who.get(path), 404);
}

/** A tier from its making to its end, chosen and settled in between. */
export async function tierCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { api: who, accountId } = await newAccount(fetch, platform, "vendor");
  const [body, command] = [
    { key: "contract", names: { en: "Contract", ru: "Договор" }, price: { amount: 900, currency: "EUR" } },
    { idempotencyKey: newKey() },
  ];
  for (const _ of ["first", "again"]) ok(await platform.post("/v1/tiers", body, command), 201);
  ok(await platform.post("/v1/tiers", body), 409);
  ok(await platform.post("/v1/tiers", { ...body, key: "free", selfService: true }), 422);
  for (const each of [platform, who]) ok(await each.get("/v1/tiers?limit=1"), 200);
  const { choice } = ok(
    await who.patch<{ choice: { invoiceId: string } }>("/v1/billing", { tier: "contract" }, { ifMatch: "*" }),
    200,
  ).body;
  ok(await platform.del("/v1/tiers/contract"), 409);
  ok(await platform.post(`/v1/accounts/${accountId}/invoices/${choice.invoiceId}/cancel`, {}), 200);
  const features = { restrictedAccounts: true, memberLimit: null };
  ok(await platform.patch("/v1/tiers/contract", { features, creditsPerMonth: 5 }, { ifMatch: '"1"' }), 200);
  ok(await platform.patch("/v1/tiers/contract", { offered: false }, { ifMatch: '"1"' }), 412);
  ok(await platform.patch("/v1/tiers/contract", { offered: false }), 428);
  ok(await who.del("/v1/tiers/contract"), 403);
  ok(await platform.del("/v1/tiers/contract"), 204);
  ok(await platform.del("/v1/tiers/contract"), 404);
}
