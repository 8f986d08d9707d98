import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount } from "../../harness/people.ts";
import {
  customerEvent,
  JOIN_MAPPING,
  newMessageId,
  postSigned,
  postRaw,
  SECRETS,
} from "../../harness/webhook.ts";
import type { Contract } from "./contract.ts";

/**
 * A hook from its making to its end, and what came in through it: taken, repeated, refused, denied and at
 * fault.
 */
export async function hookCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { api: who } = await newAccount(fetch, platform, "team");
  const command = { idempotencyKey: newIdempotencyKey() };
  const body = { name: "Shop", scheme: "standard", mapping: JOIN_MAPPING };
  const { id, newSecret: secret } = expectStatus(
    await who.post<{ id: string; newSecret: string }>("/v1/hooks", body, command),
    201,
  ).body;
  expectStatus(await who.post("/v1/hooks", body, command), 201);
  expectStatus(
    await who.post("/v1/hooks", { ...body, mapping: { rules: [] } }, { idempotencyKey: newIdempotencyKey() }),
    422,
  );
  expectStatus(await who.post("/v1/hooks", body), 400);
  const path = `/v1/hooks/${id}`;
  const hook = { id, secret, scheme: "standard" as const };
  const message = newMessageId();
  const payload = customerEvent("contract-hook@example.com", "c-1");
  expectStatus(await who.post(`${path}/try`, { payload }), 200);
  for (const _ of ["first", "again"])
    expectStatus(await postSigned(fetch, hook, payload, { id: message }), 200);
  expectStatus(await postSigned(fetch, hook, { type: "other" }), 200);
  expectStatus(await postSigned(fetch, hook, customerEvent("nobody")), 422);
  expectStatus(await postSigned(fetch, { ...hook, secret: SECRETS.standard }, payload), 401);
  expectStatus(await postRaw(fetch, id, "a=1", { "content-type": "text/plain" }), 415);
  for (const each of ["/v1/hooks", path, `${path}/deliveries?limit=2`])
    expectStatus(await who.get(each), 200);
  expectStatus(await who.patch(path, { newSecret: true, name: "Store" }, { ifMatch: '"1"' }), 200);
  expectStatus(await who.patch(path, { name: "x" }, { ifMatch: '"1"' }), 412);
  expectStatus(await who.patch(path, { name: "x" }), 428);
  expectStatus(await who.del(path), 204);
  expectStatus(await who.get(path), 404);
}

/** A tier from its making to its end, chosen and settled in between. */
export async function tierCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { api: who, accountId } = await newAccount(fetch, platform, "vendor");
  const [body, command] = [
    { key: "contract", names: { en: "Contract", ru: "Договор" }, price: { amount: 900, currency: "EUR" } },
    { idempotencyKey: newIdempotencyKey() },
  ];
  for (const _ of ["first", "again"]) expectStatus(await platform.post("/v1/tiers", body, command), 201);
  expectStatus(await platform.post("/v1/tiers", body), 409);
  expectStatus(await platform.post("/v1/tiers", { ...body, key: "free", selfService: true }), 422);
  for (const each of [platform, who]) expectStatus(await each.get("/v1/tiers?limit=1"), 200);
  const { choice } = expectStatus(
    await who.patch<{ choice: { invoiceId: string } }>("/v1/billing", { tier: "contract" }, { ifMatch: "*" }),
    200,
  ).body;
  expectStatus(await platform.del("/v1/tiers/contract"), 409);
  expectStatus(await platform.post(`/v1/accounts/${accountId}/invoices/${choice.invoiceId}/cancel`, {}), 200);
  const features = { restrictedAccounts: true, memberLimit: null };
  expectStatus(
    await platform.patch("/v1/tiers/contract", { features, creditsPerMonth: 5 }, { ifMatch: '"1"' }),
    200,
  );
  expectStatus(await platform.patch("/v1/tiers/contract", { offered: false }, { ifMatch: '"1"' }), 412);
  expectStatus(await platform.patch("/v1/tiers/contract", { offered: false }), 428);
  expectStatus(await who.del("/v1/tiers/contract"), 403);
  expectStatus(await platform.del("/v1/tiers/contract"), 204);
  expectStatus(await platform.del("/v1/tiers/contract"), 404);
}
