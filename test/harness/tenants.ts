import { addMemberByPlatform } from "../worker/people/invite-fixture.ts";
import { type Api, type Fetch, newIdempotencyKey, expectStatus } from "./client.ts";
import { giveCredits, newAccount, type Person, activateSubscription } from "./people.ts";

/**
 * Who may call which paths: the top role of that model, or an aggregator. The vendor has all other paths.
 */
const CALLER_BY_PATH: ReadonlyArray<readonly [caller: string, paths: RegExp]> = [
  ["team", /^\/v1\/licenses/],
  ["agency", /^\/v1\/(tasks|members\/.*\/(tools|tasks)$)/],
  ["aggregator", /^\/v1\/aggregator-licenses/],
  ["dealer", /^\/v1\/(objects|corporations|object-groups|keys|requests|dealers|sos-licenses)/],
  ["dealer", /^\/v1\/members\/.*\/object-groups$/],
  ["seller", /^\/v1\/(organizations|subscriptions|markups|cpq|forms|invoices)/],
];

/** An account of each model, by what its callers are called in `MODELS`. */
export type Tenants = ReadonlyMap<string, Person>;

export async function newTenants(fetch: Fetch, platform: Api): Promise<Tenants> {
  const tenants = new Map<string, Person>();
  for (const kind of ["vendor", "team", "agency", "dealer", "seller"]) {
    const owner = await newAccount(fetch, platform, kind);
    await activateSubscription(platform, owner.accountId);
    tenants.set(kind, owner);
  }
  return tenants.set(
    "aggregator",
    await addMemberByPlatform(fetch, platform, tenants.get("dealer")?.accountId ?? "", ["aggregator"]),
  );
}

/** A member of the account whose model has this path. */
export function tenantFor(tenants: Tenants, path: string): Person {
  const found = tenants.get(CALLER_BY_PATH.find(([, paths]) => paths.test(path))?.[0] ?? "vendor");
  if (found === undefined) throw new Error(`no member for ${path}`);
  return found;
}

/** What makes the objects that a walk needs. */
interface CreationContext {
  readonly tenants: Tenants;
  readonly fetch: Fetch;
  readonly platform: Api;
  readonly accountOf: (name: string) => string;
  /** Makes an object, by default under the path that it is called by, and returns its id. */
  readonly make: (name: string, body: object, path?: string, who?: Api) => Promise<string>;
}

/** An object under each path of the other models: all but the vendor's. */
export async function createObjects(
  tenants: Tenants,
  fetch: Fetch,
  platform: Api,
): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  const accountOf = (name: string) => tenants.get(name)?.accountId ?? "";
  const make: CreationContext["make"] = async (
    name,
    body,
    path = name,
    who = tenantFor(tenants, `/v1/${path}`).api,
  ) => {
    const made = await who.post<{ id: string }>(`/v1/${path}`, body, { idempotencyKey: newIdempotencyKey() });
    return (ids[name] = expectStatus(made, 201).body.id);
  };
  const maker: CreationContext = { tenants, fetch, platform, accountOf, make };
  await createLicensesAndTasks(maker);
  await createObjectsOfDealer(maker);
  ids["dealers"] = accountOf("dealer");
  // The dealer's own login. Members of the caller's account have none.
  ids["by-login"] = "0001";
  ids["organizations"] = await createObjectsOfSeller(maker);
  return ids;
}

const OFFER = { name: "Aurora", vendor: "Nordlys", priceAmount: 100, costPrice: 50 };

async function createLicensesAndTasks({ platform, accountOf, make }: CreationContext): Promise<void> {
  for (const name of ["team", "agency"]) await giveCredits(platform, accountOf(name), 10);
  await make("licenses", { themeId: await make("themes", OFFER, "catalog", platform) });
  const tool = { key: `walk-${newIdempotencyKey()}`, name: "Walk" };
  await make("tasks", { toolId: await make("tools", tool, "tools", platform), name: "Walk" });
}

async function createObjectsOfDealer({ tenants, platform, accountOf, make }: CreationContext): Promise<void> {
  await make("corporations", { name: "Mall" });
  const groupId = await make("object-groups", { name: "North" });
  const objectId = await make("objects", { name: "Shop", groupId });
  const keyId = await make("keys", { objectId, serial: newIdempotencyKey() });
  await make("requests", { days: 30 }, `keys/${keyId}/licenses`);
  await make("sos-licenses", { keyId, days: 20, reason: "weekend" });
  await make(
    "aggregator-licenses",
    { memberId: tenants.get("aggregator")?.memberId, name: "WS" },
    `accounts/${accountOf("dealer")}/aggregator-licenses`,
    platform,
  );
}

/** Returns the id of the seller's organization. */
async function createObjectsOfSeller({
  tenants,
  fetch,
  platform,
  accountOf,
  make,
}: CreationContext): Promise<string> {
  const parentId = accountOf("seller");
  const { accountId } = await newAccount(fetch, platform, "customer_org", { parentId });
  const catalogItemId = await make("catalog", OFFER, "catalog", tenants.get("seller")?.api);
  await make("markups", { name: "Near", percent: 5, catalogItemId });
  await make("subscriptions", { catalogItemId });
  await make("cpq", { kind: "service", name: "Setup", price: 300, currency: "EUR" });
  await make("forms", { name: "Order", fields: [] });
  await make("invoices", {
    title: "May",
    currency: "EUR",
    lines: [{ description: "May", quantity: 1, unitPrice: 1 }],
  });
  return accountId;
}
