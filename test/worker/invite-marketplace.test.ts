import { beforeAll, expect, test } from "vitest";
import { type Api, ok } from "../harness/client.ts";
import { newAccount, newMember, type Person } from "../harness/people.ts";
import { type Asked, type Cell, compareCells } from "./cells.ts";
import { addedByPlatform, invites, on } from "./invite-world.ts";
import { fetch, foundPlatform, said } from "./operators-world.ts";

/** The policy, as people wrote it: who may give which roles. */
const CUSTOMERS = ["customer", "customer_admin", "customer_billing_admin"];
const SELLERS = [
  "seller_admin", "account_manager", "seller_agent_admin", "subscriptions_manager", "product_manager", "seller_billing_admin", "support_agent",
  "reseller_report", "report_viewer_360",
];
const DISTRIBUTORS = ["distributor_admin", "distributor_read_only"];
const ROLES = [...DISTRIBUTORS, ...SELLERS, ...CUSTOMERS];
const GIVES: Readonly<Record<string, readonly string[]>> = {
  distributor_admin: ROLES,
  seller_admin: ROLES,
  account_manager: ["subscriptions_manager", "seller_billing_admin", "support_agent", ...CUSTOMERS],
  seller_agent_admin: ["subscriptions_manager", "seller_billing_admin", "report_viewer_360", ...CUSTOMERS],
  subscriptions_manager: CUSTOMERS, product_manager: CUSTOMERS, seller_billing_admin: CUSTOMERS, support_agent: CUSTOMERS,
  customer_admin: CUSTOMERS,
  customer: ["customer_billing_admin"],
};
const EDITS_USERS = ["distributor_admin", "seller_admin", "account_manager", "seller_agent_admin", "customer_admin"];
const EXISTS: Readonly<Record<string, readonly string[]>> = {
  distributor: [...DISTRIBUTORS, "report_viewer_360"], seller: SELLERS, organization: CUSTOMERS,
};

interface Switches { readonly inviteOnlyAdmins: boolean; readonly customersMayInviteBillingAdmin: boolean; readonly billingAdminVisibleToCustomer: boolean }
interface Place { readonly name: string; readonly kind: string; readonly accountId: string }

let platform: Api;
let distributor: Person;
let seller: Person;
/** Organizations of the seller's customers: some are let into the first only. */
let reached: Person;
let unreached: Person;
/** Everybody by role: those of the seller who are let into single organizations are let into one. */
const actors: Record<string, Person> = {};
let places: readonly Place[] = [];

beforeAll(async () => {
  platform = await foundPlatform();
  distributor = await newAccount(fetch, platform, "distributor");
  seller = await newAccount(fetch, platform, "seller", { parentId: distributor.accountId });
  const otherSeller = await newAccount(fetch, platform, "seller");
  const organization = (above: Person) => newAccount(fetch, platform, "customer_org", { parentId: above.accountId });
  reached = await organization(seller);
  unreached = await organization(seller);
  const foreign = await organization(otherSeller);
  await settle({ inviteOnlyAdmins: false, customersMayInviteBillingAdmin: true, billingAdminVisibleToCustomer: true });
  const grants = [{ resourceType: "organization", resourceId: reached.accountId, access: "view" }];
  for (const role of SELLERS.slice(1)) actors[role] = await newMember(fetch, seller, { roles: [role], grants: role === "account_manager" ? [] : grants });
  for (const role of ["customer", "customer_billing_admin"]) actors[role] = await newMember(fetch, reached, { roles: [role] });
  actors["distributor_read_only"] = await newMember(fetch, distributor, { roles: ["distributor_read_only"] });
  Object.assign(actors, { distributor_admin: distributor, seller_admin: seller, customer_admin: reached });
  places = [
    { name: "the distributor", kind: "distributor", accountId: distributor.accountId }, { name: "the seller", kind: "seller", accountId: seller.accountId },
    { name: "another seller", kind: "seller", accountId: otherSeller.accountId }, { name: "a customer within reach", kind: "organization", accountId: reached.accountId },
    { name: "a customer out of reach", kind: "organization", accountId: unreached.accountId }, { name: "another seller's customer", kind: "organization", accountId: foreign.accountId },
  ];
});

async function settle(switches: Switches): Promise<void> {
  ok(await seller.api.patch(`/v1/accounts/${seller.accountId}`, { settings: switches }, { ifMatch: "*" }), 200);
  const { inviteOnlyAdmins } = switches;
  ok(await distributor.api.patch(`/v1/accounts/${distributor.accountId}`, { settings: { inviteOnlyAdmins } }, { ifMatch: "*" }), 200);
}

/** Where an actor acts at all: at home; below it, as far as the role sees organizations. */
function reaches(role: string, actor: Person, place: Place): boolean {
  if (place.accountId === actor.accountId) return true;
  const below = [reached, unreached].some(({ accountId }) => accountId === place.accountId);
  if (DISTRIBUTORS.includes(role)) return below || place.accountId === seller.accountId;
  if (["seller_admin", "account_manager"].includes(role)) return below;
  return SELLERS.includes(role) && !["reseller_report", "report_viewer_360"].includes(role) && place.accountId === reached.accountId;
}

function expected(role: string, actor: Person, given: string, place: Place, switches: Switches): Cell {
  if (!reaches(role, actor, place)) return 404;
  const admin = role === "seller_admin" || role === "distributor_admin";
  const invitesAny = GIVES[role] !== undefined && (admin || !switches.inviteOnlyAdmins) && (role !== "customer" || switches.customersMayInviteBillingAdmin);
  if (!invitesAny) return 403;
  const unknown = !EXISTS[place.kind]?.includes(given) || (given === "customer_billing_admin" && !switches.billingAdminVisibleToCustomer);
  return unknown ? 422 : GIVES[role]?.includes(given) ? "yes" : 403;
}

const EITHER = [false, true];
const POSITIONS: readonly Switches[] = EITHER.flatMap((inviteOnlyAdmins) => EITHER.flatMap((customersMayInviteBillingAdmin) =>
  EITHER.map((billingAdminVisibleToCustomer) => ({ inviteOnlyAdmins, customersMayInviteBillingAdmin, billingAdminVisibleToCustomer }))));

test("S2.9, S2.10 who may give which role in which organization, with the switches in every position", { timeout: 600_000 }, async () => {
  for (const switches of POSITIONS) {
    await settle(switches);
    const cells = Object.entries(actors).flatMap(([role, actor]) => places.flatMap((place) =>
      // Where nobody is let in at all, a role of each kind is enough.
      (reaches(role, actor, place) ? ROLES : ["seller_admin", "customer"]).map((given) =>
        invites(actor, given, place.accountId, `${role} gives ${given} in ${place.name}`, expected(role, actor, given, place, switches)))));
    await compareCells(`marketplace, actor × role × organization with ${JSON.stringify(switches)}`, cells);
  }
});

test("S2.1 users V adds members with roles that it may give, but edits and blocks nobody; users E only whom it could have given all roles", { timeout: 300_000 }, async () => {
  await settle({ inviteOnlyAdmins: false, customersMayInviteBillingAdmin: true, billingAdminVisibleToCustomer: true });
  const people: (Person & { role: string })[] = [];
  for (const role of SELLERS) people.push({ ...await addedByPlatform(fetch, platform, seller.accountId, [role]), role });
  for (const role of CUSTOMERS) people.push({ ...await addedByPlatform(fetch, platform, reached.accountId, [role]), role });
  const cells = Object.entries(actors).flatMap(([role, actor]) => people.flatMap((whom): Asked[] => {
    const place = places.find(({ accountId }) => accountId === whom.accountId) ?? expect.fail();
    const ask = whom.accountId === actor.accountId ? {} : on(whom.accountId);
    const may = !reaches(role, actor, place) ? 404 : EDITS_USERS.includes(role) && GIVES[role]?.includes(whom.role) ? "yes" : 403;
    return [
      { cell: `${role} edits a ${whom.role}`, expected: may, ask: () => actor.api.patch(`/v1/members/${whom.memberId}`, { position: "Clerk" }, { ...ask, ifMatch: "*" }) },
      { cell: `${role} blocks a ${whom.role}`, expected: may, ask: () => actor.api.post(`/v1/members/${whom.memberId}/block`, undefined, ask) },
      { cell: `${role} unblocks a ${whom.role}`, expected: may, ask: () => actor.api.post(`/v1/members/${whom.memberId}/unblock`, undefined, ask) },
    ];
  }));
  await compareCells("marketplace, actor × holder of a role × edit, block, unblock", cells);
});

test("S2.10 a role that exists no more gives nothing to those who have it, from the next call on, and back", async () => {
  const holder = actors["customer_billing_admin"] ?? expect.fail();
  const position = (billingAdminVisibleToCustomer: boolean) => settle({ inviteOnlyAdmins: false, customersMayInviteBillingAdmin: true, billingAdminVisibleToCustomer });
  for (const [visible, answer] of [[true, "200"], [false, "403 access/denied"], [true, "200"]] as const) {
    await position(visible);
    expect(said(await holder.api.get("/v1/members"))).toBe(answer);
  }
});

test("with inviteOnlyAdmins nobody else adds members, whatever else gives the right: directly, by a custom role, or in a customer's organization", async () => {
  const role = ok(await seller.api.post<{ id: string }>("/v1/roles", { name: "Welcomes", description: "Adds members", rights: ["member.create", "member.view"] }), 201).body.id;
  const direct = await newMember(fetch, seller, { roles: ["support_agent"], rights: ["member.create"], grants: [{ resourceType: "organization", access: "view" }] });
  const named = await newMember(fetch, seller, { roles: ["reseller_report", role] });
  const add = async (who: Person, ask: object = {}) =>
    said(await who.api.post("/v1/members", { firstName: "Ed", lastName: "Extra", email: `${crypto.randomUUID()}@example.com`, roles: [] }, ask));
  const everywhere = async () => [await add(direct), await add(named), await add(direct, on(reached.accountId)), await add(seller), await add(seller, on(reached.accountId))];
  for (const inviteOnlyAdmins of EITHER) {
    await settle({ inviteOnlyAdmins, customersMayInviteBillingAdmin: true, billingAdminVisibleToCustomer: true });
    const others = inviteOnlyAdmins ? "403 access/denied" : "201";
    expect(await everywhere()).toEqual([others, others, others, "201", "201"]);
  }
});
