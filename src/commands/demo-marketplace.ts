import { callerAs } from "./demo-people.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  type DemoContext,
} from "./demo-setup.ts";

/** Marketplace: a seller with a catalogue, and the organization of a customer. */
export async function loadMarketplace({ platform, now, say }: DemoContext): Promise<readonly Login[]> {
  const seller = await createDemoAccount(platform, "Blue seller", {
    kind: "seller",
    name: "Blue Market",
    owner: { email: "sel@blue.example", firstName: "Selma", lastName: "Seller" },
  });
  await setUpAccount(platform, seller.accountId, { restrictedAccounts: false, credits: 0, now });
  say("Blue Market (seller): Selma is its admin");
  await createObject(callerAs(platform, seller), "/v1/catalog", {
    name: "Mailbox",
    vendor: "Blue Cloud",
    kind: "service",
    licenseType: "subscription",
    priceAmount: 600,
    currency: "EUR",
    costPrice: 400,
  });
  const customer = await createDemoAccount(platform, "Calm customer", {
    kind: "customer_org",
    name: "Calm Pictures",
    parentId: seller.accountId,
    owner: { email: "cleo@calm.example", firstName: "Cleo", lastName: "Customer" },
  });
  const manager = await addDemoMember(platform, seller, "Blue manager", {
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
