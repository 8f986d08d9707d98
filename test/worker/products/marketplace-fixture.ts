import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";

/**
 * A distributor with a seller, two customers of that seller, and another seller with a customer of its own.
 */
export interface MarketFixture {
  readonly distributor: Person;
  readonly seller: Person;
  /** Customers' organizations, each with its admin; grants reach the near one only. */
  readonly near: Person;
  readonly far: Person;
  readonly rival: Person;
  readonly foreign: Person;
}

/** The header that names the account to act on. */
export const accountHeader = (accountId: string) => ({ "tollgate-account": accountId });
export const idempotentIn = (accountId?: string) => ({
  idempotencyKey: newIdempotencyKey(),
  ...(accountId === undefined ? {} : { headers: accountHeader(accountId) }),
});
export const anyVersion = (accountId?: string) => ({
  ifMatch: "*",
  ...(accountId === undefined ? {} : { headers: accountHeader(accountId) }),
});

export async function createMarket(fetch: Fetch, platform: Api): Promise<MarketFixture> {
  const distributor = await newAccount(fetch, platform, "distributor");
  const [seller, rival] = [
    await newAccount(fetch, platform, "seller", { parentId: distributor.accountId }),
    await newAccount(fetch, platform, "seller"),
  ];
  expectStatus(
    await seller.api.patch(
      `/v1/accounts/${seller.accountId}`,
      { settings: { billingAdminVisibleToCustomer: true } },
      { ifMatch: "*" },
    ),
    200,
  );
  const customer = (of: Person) => newAccount(fetch, platform, "customer_org", { parentId: of.accountId });
  return {
    distributor,
    seller,
    near: await customer(seller),
    far: await customer(seller),
    rival,
    foreign: await customer(rival),
  };
}

/** Roles of the seller that act in every organization. */
export const ROLES_EVERYWHERE: readonly string[] = ["seller_admin", "account_manager"];

/** A member of the seller; where the role goes by grants, with one on the near organization. */
export const newSellerMember = (
  fetch: Fetch,
  { seller, near }: MarketFixture,
  role: string,
): Promise<Person> =>
  newMember(fetch, seller, {
    roles: [role],
    grants: ROLES_EVERYWHERE.includes(role)
      ? []
      : [{ resourceType: "organization", resourceId: near.accountId, access: "view" }],
  });

/** Something to sell: a customer pays 1500 with a markup of half the cost, 2000 without. */
export const MAILBOX_BODY = {
  name: "Mailbox",
  vendor: "Mailers",
  kind: "service",
  licenseType: "subscription",
  priceAmount: 2000,
  currency: "EUR",
  costPrice: 1000,
  margin: 40,
};

export const createIn = async (who: Api, path: string, body: object, accountId?: string): Promise<string> =>
  expectStatus(await who.post<{ id: string }>(`/v1/${path}`, body, idempotentIn(accountId)), 201).body.id;

export const INVOICE_BODY = {
  title: "Setup",
  currency: "EUR",
  lines: [{ description: "Setup", quantity: 2, unitPrice: 150 }],
};
export const OFFER_BODY = { kind: "service", name: "Setup", price: 300, currency: "EUR" };
export const FORM_BODY = { name: "Order", fields: [{ name: "orderNumber", label: "Number", kind: "text" }] };
export const CARD_BODY = {
  token: "pm_1MqLiJLkdIwHu7ixUEgbFdYF",
  brand: "visa",
  last4: "4242",
  expiry: "2030-01",
};
