import { as, type Person } from "./cast.ts";
import { ask, type Caller, check, rowsOf, textAt, valueAt } from "./client.ts";
import { equip, joined, make, opened, peopleOf, type Stage } from "./stage.ts";

/** Selma founds a customer's organization; Cleo claims its first key. */
async function foundOrganization(selma: Caller, owner: Person, run: string) {
  const made = await ask(selma, {
    method: "POST",
    path: "/v1/organizations",
    body: { name: `Calm Pictures ${run}`, owner },
    expect: 201,
  });
  const organizationId = textAt(made, "id");
  const claimed = await ask(
    { ...selma, credential: null },
    { method: "POST", path: "/v1/auth/claims", body: { token: textAt(made, "claim.token") }, expect: 201 },
  );
  const cleo = { ...selma, who: "Cleo Customer", credential: textAt(claimed, "secret") };
  return { organizationId, cleo };
}

/** Suri does not see the organization, until she has a grant on it. */
async function letIn(selma: Caller, suri: Caller, suriId: string, organizationId: string): Promise<void> {
  const there = { "tollgate-account": organizationId };
  await ask(suri, {
    method: "GET",
    path: "/v1/subscriptions",
    headers: there,
    expect: 404,
    code: "not-found",
  });
  await ask(selma, {
    method: "PUT",
    path: `/v1/members/${suriId}/grants`,
    body: { grants: [{ resourceType: "organization", resourceId: organizationId, access: "view" }] },
    expect: 200,
  });
}

/** Cleo buys, and sees neither what it cost the seller nor the seller's account. */
async function buy(
  { selma, suri, cleo }: Readonly<Record<"selma" | "suri" | "cleo", Caller>>,
  organizationId: string,
  sellerId: string,
  catalogItemId: string,
): Promise<void> {
  const there = { "tollgate-account": organizationId };
  const bought = await ask(cleo, {
    method: "POST",
    path: "/v1/subscriptions",
    headers: { "idempotency-key": "buy" },
    body: { catalogItemId, quantity: 3 },
    expect: 201,
  });
  check(valueAt(bought.body, "costPrice") === undefined, "the customer does not see the cost price");
  const subscriptions = rowsOf<{ id: string }>(
    await ask(suri, { method: "GET", path: "/v1/subscriptions", headers: there, expect: 200 }),
  );
  check(
    subscriptions.length === 1 && subscriptions[0]?.id === textAt(bought, "id"),
    "the member with the grant sees the subscription",
  );
  await ask(cleo, { method: "GET", path: "/v1/markups", expect: 403, code: "access/denied" });
  await ask(cleo, { method: "GET", path: "/v1/organizations", expect: 200 });
  await ask(cleo, {
    method: "GET",
    path: "/v1/subscriptions",
    headers: { "tollgate-account": sellerId },
    expect: 404,
    code: "not-found",
  });
  await ask(selma, { method: "GET", path: "/v1/reports/subscriptions", expect: 200 });
  await ask(cleo, { method: "GET", path: "/v1/roles/matrix", expect: 200 });
}

/** Marketplace: an organization is founded, a member gets a grant on it, and the customer buys. */
export const MARKETPLACE = {
  title:
    "A marketplace: Selma founds a customer's organization and lets Suri in; " +
    "the customer buys, and never sees what it cost the seller",
  async play({ platform, now }: Stage): Promise<void> {
    const run = now.toString(36);
    const person = peopleOf("market", now);
    const seller = await opened(platform, "Selma Seller", {
      kind: "seller",
      name: `Tour market ${run}`,
      owner: person("Selma", "Seller"),
    });
    await equip(platform, seller.accountId, { restrictedAccounts: false, credits: 0, now });
    const selma = as(platform, seller);
    const catalogItemId = await make(selma, "/v1/catalog", {
      name: "Mailbox",
      vendor: "Blue Cloud",
      kind: "service",
      licenseType: "subscription",
      priceAmount: 600,
      currency: "EUR",
      costPrice: 400,
    });
    const { organizationId, cleo } = await foundOrganization(selma, person("Cleo", "Customer"), run);
    const manager = await joined(platform, seller, "Suri Subscriptions", {
      ...person("Suri", "Subscriptions"),
      roles: ["subscriptions_manager"],
    });
    const suri = as(platform, manager);
    await letIn(selma, suri, manager.memberId, organizationId);
    await buy({ selma, suri, cleo }, organizationId, seller.accountId, catalogItemId);
  },
};
