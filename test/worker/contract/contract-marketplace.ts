import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import type { Contract } from "./contract.ts";
import {
  anyVersion,
  accountHeader,
  CARD_BODY,
  FORM_BODY,
  createIn,
  INVOICE_BODY,
  idempotentIn,
  MAILBOX_BODY,
  createMarket,
  OFFER_BODY,
} from "../products/marketplace-fixture.ts";

/** A seller, its customers, what they buy and what it costs them; billing and counts of an account. */
export async function marketplaceCalls({ fetch }: Contract, platform: Api): Promise<void> {
  const { seller, near } = await createMarket(fetch, platform);
  await callOrganizations(seller.api, near.accountId);
  await callSales(seller.api, near);
  await callInvoices(seller.api, near.accountId);
  const vendor = await newAccount(fetch, platform, "vendor");
  expectStatus(await vendor.api.post("/v1/products", { name: "Editor" }, idempotentIn()), 201);
  expectStatus(await vendor.api.get("/v1/analytics"), 200);
}

async function callOrganizations(api: Api, accountId: string): Promise<void> {
  const founding = {
    name: "Films",
    owner: { email: "films@example.com", firstName: "Fay", lastName: "Film" },
    profile: { city: "Kyiv", phone: null },
  };
  const command = idempotentIn();
  const { id } = expectStatus(
    await api.post<{ id: string }>("/v1/organizations", founding, command),
    201,
  ).body;
  expectStatus(await api.post("/v1/organizations", founding, command), 201);
  expectStatus(await api.post(`/v1/organizations/${id}/owner-claims`), 201);
  expectStatus(await api.get("/v1/organizations?limit=1"), 200);
  expectStatus(await api.get(`/v1/organizations/${accountId}`), 200);
  expectStatus(
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
  const catalogItemId = await createIn(api, "catalog", MAILBOX_BODY);
  const made: Record<string, string> = {
    markups: await createIn(api, "markups", {
      name: "Near",
      percent: 50,
      organizationId: accountId,
      catalogItemId,
    }),
    cpq: await createIn(api, "cpq", {
      ...OFFER_BODY,
      description: "d",
      options: [{ name: "Weekend", price: 50 }],
    }),
    forms: await createIn(api, "forms", FORM_BODY),
  };
  const buy = idempotentIn();
  for (const _ of ["first", "again"])
    expectStatus(await near.api.post("/v1/subscriptions", { catalogItemId, quantity: 2 }, buy), 201);
  const subscription = await createIn(api, "subscriptions", { catalogItemId }, accountId);
  expectStatus(
    await api.get(`/v1/subscriptions?catalogItemId=${catalogItemId}&status=active`, {
      headers: accountHeader(accountId),
    }),
    200,
  );
  expectStatus(await near.api.get(`/v1/subscriptions/${subscription}`), 200);
  expectStatus(await near.api.patch(`/v1/subscriptions/${subscription}`, { quantity: 3 }, anyVersion()), 200);
  for (const status of [200, 409])
    expectStatus(await near.api.post(`/v1/subscriptions/${subscription}/cancel`, {}), status);
  expectStatus(
    await api.del(`/v1/subscriptions/${subscription}`, { headers: accountHeader(accountId) }),
    204,
  );
  for (const [path, id] of Object.entries(made)) {
    for (const where of [`/v1/${path}`, `/v1/${path}/${id}`]) expectStatus(await api.get(where), 200);
    expectStatus(await api.patch(`/v1/${path}/${id}`, { name: "x" }, anyVersion()), 200);
    expectStatus(await api.del(`/v1/${path}/${id}`), 204);
  }
}

async function callInvoices(api: Api, accountId: string): Promise<void> {
  const [paid, dropped] = [
    await createIn(api, "invoices", INVOICE_BODY, accountId),
    await createIn(api, "invoices", { ...INVOICE_BODY, dueAt: "2030-01-01T00:00:00Z" }, accountId),
  ];
  for (const where of ["/v1/invoices?status=open", `/v1/invoices/${paid}`])
    expectStatus(await api.get(where, { headers: accountHeader(accountId) }), 200);
  expectStatus(await api.patch(`/v1/invoices/${paid}`, { title: "x" }, anyVersion(accountId)), 200);
  for (const [id, verb] of [
    [paid, "settle"],
    [dropped, "cancel"],
  ])
    for (const status of [200, 409])
      expectStatus(await api.post(`/v1/invoices/${id}/${verb}`, {}, idempotentIn(accountId)), status);

  expectStatus(await api.get("/v1/billing"), 200);
  expectStatus(
    await api.patch(
      "/v1/billing",
      { card: CARD_BODY, address: { city: "Kyiv", country: "UA" } },
      { ifMatch: '"0"' },
    ),
    200,
  );
  expectStatus(await api.patch("/v1/billing", { card: null, address: null }, { ifMatch: '"1"' }), 200);
}
