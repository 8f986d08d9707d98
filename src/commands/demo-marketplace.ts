import { as } from "./cast.ts";
import type { Login } from "./local.ts";
import { equip, joined, make, opened, type Stage } from "./stage.ts";

/** Marketplace: a seller with a catalogue, and the organization of a customer. */
export async function marketplace({ platform, now, say }: Stage): Promise<readonly Login[]> {
  const seller = await opened(platform, "Blue seller", {
    kind: "seller",
    name: "Blue Market",
    owner: { email: "sel@blue.example", firstName: "Selma", lastName: "Seller" },
  });
  await equip(platform, seller.accountId, { restrictedAccounts: false, credits: 0, now });
  say("Blue Market (seller): Selma is its admin");
  await make(as(platform, seller), "/v1/catalog", {
    name: "Mailbox",
    vendor: "Blue Cloud",
    kind: "service",
    licenseType: "subscription",
    priceAmount: 600,
    currency: "EUR",
    costPrice: 400,
  });
  const customer = await opened(platform, "Calm customer", {
    kind: "customer_org",
    name: "Calm Pictures",
    parentId: seller.accountId,
    owner: { email: "cleo@calm.example", firstName: "Cleo", lastName: "Customer" },
  });
  const manager = await joined(platform, seller, "Blue manager", {
    email: "sub@blue.example",
    firstName: "Suri",
    lastName: "Subscriptions",
    roles: ["subscriptions_manager"],
  });
  say(
    "  a mailbox in its catalogue; Calm Pictures is a customer's organization; " +
      "Suri manages subscriptions where she is let in",
  );
  return [seller, customer, manager];
}
