import { callerAs } from "./demo-people.ts";
import type { Caller } from "./gate-client.ts";
import type { Login } from "./local-state.ts";
import {
  setUpAccount,
  addDemoMember,
  createObject,
  createDemoAccount,
  type DemoContext,
} from "./demo-setup.ts";

/** Operators: a vendor and an employee with two grants. */
export async function loadVendor({ platform, now, say }: DemoContext): Promise<readonly Login[]> {
  const owner = await createDemoAccount(platform, "Acme owner", {
    kind: "vendor",
    name: "Acme Licensing",
    owner: { email: "olivia@acme.example", firstName: "Olivia", lastName: "Owner" },
  });
  say("Acme Licensing (vendor): Olivia owns it and holds an API key");
  await setUpAccount(platform, owner.accountId, { restrictedAccounts: true, credits: 1_000, now });
  say("  its plan has restricted accounts, its subscription is active, 1,000 credits");
  const operator = await addDemoMember(
    platform,
    owner,
    "Acme operator",
    {
      email: "oscar@acme.example",
      firstName: "Oscar",
      lastName: "Operator",
      roles: ["operator"],
      allowedIps: ["203.0.113.0/24"],
      grants: [
        { resourceType: "product", resourceId: "0", access: "edit" },
        { resourceType: "customer", resourceId: "0", access: "owner" },
      ],
    },
    "203.0.113.7",
  );
  say("  Oscar is its operator: edits products, owns customers, calls from 203.0.113.0/24 only");
  await createStock(callerAs(platform, owner), now);
  say("  2 products, 2 license keys that end in 20 days, 2 customers");
  return [owner, operator];
}

const TERM_MS = 20 * 24 * 60 * 60 * 1000;

async function createStock(owner: Caller, now: number): Promise<void> {
  const expiresAt = new Date(now + TERM_MS).toISOString();
  for (const [product, customer] of [
    ["Acme Editor", "Berg Films"],
    ["Acme Renderer", "Calm Pictures"],
  ] as const) {
    const productId = await createObject(owner, "/v1/products", { name: product });
    const customerId = await createObject(owner, "/v1/customers", { name: customer });
    await createObject(owner, "/v1/license-keys", { productId, customerId, expiresAt });
  }
}
