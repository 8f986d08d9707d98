import { type Api, ok } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import type { Contract } from "./contract-world.ts";
import {
  anyVersion,
  at,
  CARD,
  FORM,
  idOf,
  INVOICE,
  keyed,
  MAILBOX,
  market,
  OFFER,
} from "../products/marketplace-world.ts";

/** A seller, its customers, what they buy and what it costs them; billing and counts of an account. */
export async function marketplaceCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { seller, near } = await market(fetch, platform);
  await callOrganizations(seller.api, near.accountId);
  await callSales(seller.api, near);
  await callInvoices(seller.api, near.accountId);
  const vendor = await newAccount(fetch, platform, "vendor");
  ok(await vendor.api.post("/v1/products", { name: "Editor" }, keyed()), 201);
  ok(await vendor.api.get("/v1/analytics"), 200);
}

async function callOrganizations(api: Api, accountId: string): Promise<void> {
  const founding = {
    name: "Films",
    owner: { email: "films@example.com", firstName: "Fay", lastName: "Film" },
    profile: { city: "Kyiv", phone: null },
  };
  const command = keyed();
  const { id } = ok(await api.post<{ id: string }>("/v1/organizations", founding, command), 201).body;
  ok(await api.post("/v1/organizations", founding, command), 201);
  ok(await api.post(`/v1/organizations/${id}/owner-claims`), 201);
  ok(await api.get("/v1/organizations?limit=1"), 200);
  ok(await api.get(`/v1/organizations/${accountId}`), 200);
  ok(
    await api.patch(
      `/v1/organizations/${accountId}`,
      { profile: { website: "https://near.example" } },
      anyVersion(),
    ),
    200,
  );
}

async function callSales(api: Api, near: Person): Promise<void> {
  const { accountId } = near;
  const catalogItemId = await idOf(api, "catalog", MAILBOX);
  const made: Record<string, string> = {
    markups: await idOf(api, "markups", {
      name: "Near",
      percent: 50,
      organizationId: accountId,
      catalogItemId,
    }),
    cpq: await idOf(api, "cpq", { ...OFFER, description: "d", options: [{ name: "Weekend", price: 50 }] }),
    forms: await idOf(api, "forms", FORM),
  };
  const buy = keyed();
  for (const _ of ["first", "again"])
    ok(await near.api.post("/v1/subscriptions", { catalogItemId, quantity: 2 }, buy), 201);
  const subscription = await idOf(api, "subscriptions", { catalogItemId }, accountId);
  ok(
    await api.get(`/v1/subscriptions?catalogItemId=${catalogItemId}&status=active`, {
      headers: at(accountId),
    }),
    200,
  );
  ok(await near.api.get(`/v1/subscriptions/${subscription}`), 200);
  ok(await near.api.patch(`/v1/subscriptions/${subscription}`, { quantity: 3 }, anyVersion()), 200);
  for (const status of [200, 409])
    ok(await near.api.post(`/v1/subscriptions/${subscription}/cancel`, {}), status);
  ok(await api.del(`/v1/subscriptions/${subscription}`, { headers: at(accountId) }), 204);
  for (const [path, id] of Object.entries(made)) {
    for (const where of [`/v1/${path}`, `/v1/${path}/${id}`]) ok(await api.get(where), 200);
    ok(await api.patch(`/v1/${path}/${id}`, { name: "x" }, anyVersion()), 200);
    ok(await api.del(`/v1/${path}/${id}`), 204);
  }
}

async function callInvoices(api: Api, accountId: string): Promise<void> {
  const [paid, dropped] = [
    await idOf(api, "invoices", INVOICE, accountId),
    await idOf(api, "invoices", { ...INVOICE, dueAt: "2030-01-01T00:00:00Z" }, accountId),
  ];
  for (const where of ["/v1/invoices?status=open", `/v1/invoices/${paid}`])
    ok(await api.get(where, { headers: at(accountId) }), 200);
  ok(await api.patch(`/v1/invoices/${paid}`, { title: "x" }, anyVersion(accountId)), 200);
  for (const [id, verb] of [
    [paid, "settle"],
    [dropped, "cancel"],
  ])
    for (const status of [200, 409])
      ok(await api.post(`/v1/invoices/${id}/${verb}`, {}, keyed(accountId)), status);

  ok(await api.get("/v1/billing"), 200);
  ok(
    await api.patch(
      "/v1/billing",
      { card: CARD, address: { city: "Kyiv", country: "UA" } },
      { ifMatch: '"0"' },
    ),
    200,
  );
  ok(await api.patch("/v1/billing", { card: null, address: null }, { ifMatch: '"1"' }), 200);
}
