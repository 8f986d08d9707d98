import { addedByPlatform } from "../worker/invite-world.ts";
import { type Api, type Fetch, newKey, ok } from "./client.ts";
import { giveCredits, newAccount, type Person, subscribe } from "./people.ts";

/**
 * Who may do what is under which paths: the top role of that model, or an aggregator. The vendor has the
 * rest.
 */
const MODELS: ReadonlyArray<readonly [caller: string, paths: RegExp]> = [
  ["team", /^\/v1\/licenses/],
  ["agency", /^\/v1\/(tasks|members\/.*\/(tools|tasks)$)/],
  ["aggregator", /^\/v1\/aggregator-licenses/],
  [
    "dealer",
    /^\/v1\/(objects|corporations|object-groups|keys|requests|dealers|sos-licenses|members\/.*\/object-groups$)/,
  ],
  ["seller", /^\/v1\/(organizations|subscriptions|markups|cpq|forms|invoices)/],
];

/** An account of each model, by what its callers are called in `MODELS`. */
export type Tenants = ReadonlyMap<string, Person>;

export async function newTenants(fetch: Fetch, platform: Api): Promise<Tenants> {
  const tenants = new Map<string, Person>();
  for (const kind of ["vendor", "team", "agency", "dealer", "seller"]) {
    const owner = await newAccount(fetch, platform, kind);
    await subscribe(platform, owner.accountId);
    tenants.set(kind, owner);
  }
  return tenants.set(
    "aggregator",
    await addedByPlatform(fetch, platform, tenants.get("dealer")?.accountId ?? "", ["aggregator"]),
  );
}

/** Somebody whose model has what is under this path. */
export function callerOf(tenants: Tenants, path: string): Person {
  const found = tenants.get(MODELS.find(([, paths]) => paths.test(path))?.[0] ?? "vendor");
  if (found === undefined) throw new Error(`nobody for ${path}`);
  return found;
}

/** An object under each path of the other models: all but the vendor's. */
export async function objectsOf(
  tenants: Tenants,
  fetch: Fetch,
  platform: Api,
): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  const make = async (
    name: string,
    body: object,
    path = name,
    who = callerOf(tenants, `/v1/${path}`).api,
  ) => {
    const { id } = ok(
      await who.post<{ id: string }>(`/v1/${path}`, body, { idempotencyKey: newKey() }),
      201,
    ).body;
    ids[name] = id;
    return id;
  };
  const accountOf = (name: string) => tenants.get(name)?.accountId ?? "";
  for (const name of ["team", "agency"]) await giveCredits(platform, accountOf(name), 10);
  const offer = { name: "Aurora", vendor: "Nordlys", priceAmount: 100, costPrice: 50 };
  await make("licenses", { themeId: await make("themes", offer, "catalog", platform) });
  await make("tasks", {
    toolId: await make("tools", { key: `walk-${newKey()}`, name: "Walk" }, "tools", platform),
    name: "Walk",
  });

  await make("corporations", { name: "Mall" });
  const objectId = await make("objects", {
    name: "Shop",
    groupId: await make("object-groups", { name: "North" }),
  });
  const keyId = await make("keys", { objectId, serial: newKey() });
  await make("requests", { days: 30 }, `keys/${keyId}/licenses`);
  await make("sos-licenses", { keyId, days: 20, reason: "weekend" });
  ids["dealers"] = accountOf("dealer");
  // The dealer's own; whoever asks has members without logins.
  ids["by-login"] = "0001";
  await make(
    "aggregator-licenses",
    { memberId: tenants.get("aggregator")?.memberId, name: "WS" },
    `accounts/${accountOf("dealer")}/aggregator-licenses`,
    platform,
  );

  ids["organizations"] = (
    await newAccount(fetch, platform, "customer_org", { parentId: accountOf("seller") })
  ).accountId;
  const catalogItemId = await make("catalog", offer, "catalog", tenants.get("seller")?.api);
  await make("markups", { name: "Near", percent: 5, catalogItemId });
  await make("subscriptions", { catalogItemId });
  await make("cpq", { kind: "service", name: "Setup", price: 300, currency: "EUR" });
  await make("forms", { name: "Order", fields: [] });
  await make("invoices", {
    title: "May",
    currency: "EUR",
    lines: [{ description: "May", quantity: 1, unitPrice: 1 }],
  });
  return ids;
}
