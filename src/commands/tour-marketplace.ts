import { callerAs, type Person } from "./demo-people.ts";
import { expectCall, type Caller, checkThat, rowsOf, textAt, valueAt } from "./gate-client.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  newPersonFactory,
  type DemoContext,
} from "./demo-setup.ts";

/** Selma founds a customer's organization; Cleo claims its first key. */
async function foundOrganization(selma: Caller, owner: Person, run: string) {
  const made = await expectCall(selma, {
    method: "POST",
    path: "/v1/organizations",
    body: { name: `Calm Pictures ${run}`, owner },
    expect: 201,
  });
  const organizationId = textAt(made, "id");
  const claimed = await expectCall(
    { ...selma, credential: null },
    { method: "POST", path: "/v1/auth/claims", body: { token: textAt(made, "claim.token") }, expect: 201 },
  );
  const cleo = { ...selma, who: "Cleo Customer", credential: textAt(claimed, "secret") };
  return { organizationId, cleo };
}

/** Suri does not see the organization, until she has a grant on it. */
async function showHiddenThenGrant(
  selma: Caller,
  suri: Caller,
  suriId: string,
  organizationId: string,
): Promise<void> {
  const there = { "tollgate-account": organizationId };
  await expectCall(suri, {
    method: "GET",
    path: "/v1/subscriptions",
    headers: there,
    expect: 404,
    code: "not-found",
  });
  await expectCall(selma, {
    method: "PUT",
    path: `/v1/members/${suriId}/grants`,
    body: { grants: [{ resourceType: "organization", resourceId: organizationId, access: "view" }] },
    expect: 200,
  });
}

/** Cleo buys, and sees neither what it cost the seller nor the seller's account. */
async function buySubscription(
  { selma, suri, cleo }: Readonly<Record<"selma" | "suri" | "cleo", Caller>>,
  organizationId: string,
  sellerId: string,
  catalogItemId: string,
): Promise<void> {
  const there = { "tollgate-account": organizationId };
  const bought = await expectCall(cleo, {
    method: "POST",
    path: "/v1/subscriptions",
    headers: { "idempotency-key": "buy" },
    body: { catalogItemId, quantity: 3 },
    expect: 201,
  });
  checkThat(valueAt(bought.body, "costPrice") === undefined, "the customer does not see the cost price");
  const subscriptions = rowsOf<{ id: string }>(
    await expectCall(suri, { method: "GET", path: "/v1/subscriptions", headers: there, expect: 200 }),
  );
  checkThat(
    subscriptions.length === 1 && subscriptions[0]?.id === textAt(bought, "id"),
    "the member with the grant sees the subscription",
  );
  await expectCall(cleo, { method: "GET", path: "/v1/markups", expect: 403, code: "access/denied" });
  await expectCall(cleo, { method: "GET", path: "/v1/organizations", expect: 200 });
  await expectCall(cleo, {
    method: "GET",
    path: "/v1/subscriptions",
    headers: { "tollgate-account": sellerId },
    expect: 404,
    code: "not-found",
  });
  await expectCall(selma, { method: "GET", path: "/v1/reports/subscriptions", expect: 200 });
  await expectCall(cleo, { method: "GET", path: "/v1/roles/matrix", expect: 200 });
}

/** Marketplace: an organization is founded, a member gets a grant on it, and the customer buys. */
export const MARKETPLACE_TOUR = {
  title:
    "A marketplace: Selma founds a customer's organization and lets Suri in; " +
    "the customer buys, and never sees what it cost the seller",
  async play({ platform, now }: DemoContext): Promise<void> {
    const run = now.toString(36);
    const person = newPersonFactory("market", now);
    const seller = await createDemoAccount(platform, "Selma Seller", {
      kind: "seller",
      name: `Tour market ${run}`,
      owner: person("Selma", "Seller"),
    });
    await setUpAccount(platform, seller.accountId, { restrictedAccounts: false, credits: 0, now });
    const selma = callerAs(platform, seller);
    const catalogItemId = await createObject(selma, "/v1/catalog", {
      name: "Mailbox",
      vendor: "Blue Cloud",
      kind: "service",
      licenseType: "subscription",
      priceAmount: 600,
      currency: "EUR",
      costPrice: 400,
    });
    const { organizationId, cleo } = await foundOrganization(selma, person("Cleo", "Customer"), run);
    const manager = await addDemoMember(platform, seller, "Suri Subscriptions", {
      ...person("Suri", "Subscriptions"),
      roles: ["subscriptions_manager"],
    });
    const suri = callerAs(platform, manager);
    await showHiddenThenGrant(selma, suri, manager.memberId, organizationId);
    await buySubscription({ selma, suri, cleo }, organizationId, seller.accountId, catalogItemId);
  },
};
