import { type Api, type Fetch, expectStatus, type Reply } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import type { ExpectedAnswer } from "../access/policy-matrix.ts";
import {
  FORM_BODY,
  createIn,
  INVOICE_BODY,
  idempotentIn,
  MAILBOX_BODY,
  OFFER_BODY,
} from "./marketplace-fixture.ts";

export const AREAS = [
  "organizations",
  "catalogue",
  "subscriptions",
  "markups",
  "cpq",
  "forms",
  "invoices",
  "billing",
  "reports",
  "users",
  "settings",
  "history",
] as const;
export type Area = (typeof AREAS)[number];
export type Level = "-" | "V" | "E";

/** An account with one of everything. */
export interface Fixture {
  readonly accountId: string;
  /** The value for `:id`, by path. */
  readonly ids: Readonly<Record<string, string>>;
  /** What one more says of itself. */
  readonly body: (path: string) => Promise<object>;
  /** One more, for what can be done only once. */
  readonly another: (path: string) => Promise<string>;
}

type Headers = Readonly<Record<string, string>>;

/** One thing that a role may or may not do, on a collection or on a single object. */
export interface Question {
  readonly name: string;
  readonly verb: "view" | "edit" | "delete";
  readonly on: "collection" | "object";
  readonly ask: (
    api: Api,
    fixture: Fixture,
    headers: Headers,
    expected: ExpectedAnswer,
  ) => Promise<Reply<unknown>>;
}

/** A role that every member who may change users may give, by the kind of the account. */
const INVITED = {
  distributor: "report_viewer_360",
  seller: "subscriptions_manager",
  customer_org: "customer",
} as const;

const CATALOG: Readonly<Record<string, object>> = {
  catalog: MAILBOX_BODY,
  markups: { name: "All", percent: 50 },
  cpq: OFFER_BODY,
  forms: FORM_BODY,
  invoices: INVOICE_BODY,
};

/**
 * One of everything in an account. What a seller keeps for its customers is in the seller's account.
 * @param keeper the seller's admin, or the account's owner
 * @param organizationId an organization that is seen from there
 */
export async function createFixture(
  fetch: Fetch,
  kind: keyof typeof INVITED,
  keeper: Person,
  place: Person,
  organizationId: string,
): Promise<Fixture> {
  const inside = keeper.accountId === place.accountId ? undefined : place.accountId;
  const invites = await newMember(fetch, place, { roles: [INVITED[kind]] });
  const ids: Record<string, string> = { organizations: organizationId, members: invites.memberId };
  // There is one markup for each item and organization.
  const body = async (path: string) => ({
    ...CATALOG[path],
    ...(path === "markups" ? { catalogItemId: await createIn(keeper.api, "catalog", MAILBOX_BODY) } : {}),
  });
  for (const path of ["catalog", "markups", "cpq", "forms"])
    ids[path] = await createIn(keeper.api, path, await body(path));
  ids["invoices"] = await createIn(keeper.api, "invoices", INVOICE_BODY, inside);
  const buy = () => createIn(keeper.api, "subscriptions", { catalogItemId: ids["catalog"] }, inside);
  ids["subscriptions"] = await buy();
  const another = async (path: string) =>
    path === "subscriptions"
      ? buy()
      : createIn(keeper.api, path, await body(path), path === "invoices" ? inside : undefined);
  return { accountId: place.accountId, ids, body, another };
}

const view = (
  name: string,
  path: (fixture: Fixture) => string,
  on: Question["on"] = "collection",
): Question => ({
  name,
  verb: "view",
  on,
  ask: (api, fixture, headers) => api.get(path(fixture), { headers }),
});

const change = (
  name: string,
  on: Question["on"],
  ask: (api: Api, fixture: Fixture, headers: Headers) => Promise<Reply<unknown>>,
): Question => ({ name, verb: "edit", on, ask });

const patch = (
  path: string,
  on: Question["on"] = "object",
  id: (fixture: Fixture) => string = ({ ids }) => `/${ids[path]}`,
): Question =>
  change("change", on, (api, fixture, headers) =>
    api.patch(`/v1/${path}${id(fixture)}`, {}, { ifMatch: "*", headers }),
  );

const add = (name: string, path: string, body: (fixture: Fixture) => object | Promise<object>): Question =>
  change(name, "collection", async (api, fixture, headers) =>
    api.post(`/v1/${path}`, await body(fixture), { ...idempotentIn(), headers }),
  );

const remove = (path: string): Question => ({
  name: "remove",
  verb: "delete",
  on: "object",
  ask: async (api, fixture, headers, expected) =>
    api.del(`/v1/${path}/${expected === "yes" ? await fixture.another(path) : fixture.ids[path]}`, {
      headers,
    }),
});

const both = (path: string): Question[] => [
  view("list", () => `/v1/${path}`),
  view("card", ({ ids }) => `/v1/${path}/${ids[path]}`, "object"),
];
const stored = (path: string): Question[] => [
  ...both(path),
  add("add", path, ({ body }) => body(path)),
  patch(path),
  remove(path),
];

const act = (path: string, verb: string): Question => ({
  name: verb,
  verb: "edit",
  on: "object",
  ask: async (api, fixture, headers, expected) =>
    api.post(
      `/v1/${path}/${expected === "yes" ? await fixture.another(path) : fixture.ids[path]}/${verb}`,
      {},
      { headers },
    ),
});

let count = 0;
const founding = () => ({
  name: `New ${(count += 1)}`,
  owner: { email: `new-${count}@example.com`, firstName: "Nia", lastName: "New" },
});

export const QUESTIONS: Readonly<Record<Area, readonly Question[]>> = {
  organizations: [
    ...both("organizations"),
    add("found", "organizations", founding),
    patch("organizations"),
    // The owner has a key already: callers with the right get this answer.
    change("claim again", "object", async (api, { ids }, headers) => {
      const answer = await api.post(`/v1/organizations/${ids["organizations"]}/owner-claims`, undefined, {
        headers,
      });
      return answer.status === 409 ? { ...answer, status: 200 } : answer;
    }),
  ],
  catalogue: stored("catalog"),
  subscriptions: [
    ...both("subscriptions"),
    add("purchase", "subscriptions", ({ ids }) => ({ catalogItemId: ids["catalog"] })),
    patch("subscriptions"),
    act("subscriptions", "cancel"),
    remove("subscriptions"),
  ],
  markups: stored("markups"),
  cpq: stored("cpq"),
  forms: stored("forms"),
  invoices: [
    ...both("invoices"),
    add("write", "invoices", () => INVOICE_BODY),
    patch("invoices"),
    act("invoices", "settle"),
    act("invoices", "cancel"),
  ],
  billing: [view("see", () => "/v1/billing"), patch("billing", "collection", () => "")],
  reports: [
    view("subscriptions", () => "/v1/reports/subscriptions"),
    view("usage", () => "/v1/reports/usage"),
  ],
  users: [
    // A caller who may change no member gets 403 at once, for an unknown member too.
    ...both("members"),
    patch("members", "collection"),
    change("block and unblock", "collection", async (api, { ids }, headers) => {
      const blocked = await api.post(`/v1/members/${ids["members"]}/block`, undefined, { headers });
      return blocked.status === 200
        ? expectStatus(await api.post(`/v1/members/${ids["members"]}/unblock`, undefined, { headers }), 200)
        : blocked;
    }),
  ],
  settings: [
    { ...view("see", ({ accountId }) => `/v1/accounts/${accountId}`), on: "collection" },
    change("change", "collection", (api, { accountId }, headers) =>
      api.patch(`/v1/accounts/${accountId}`, {}, { ifMatch: "*", headers }),
    ),
  ],
  history: [
    view("audit", () => "/v1/audit"),
    view("object log", () => "/v1/object-log"),
    view("calls", () => "/v1/calls"),
  ],
};
