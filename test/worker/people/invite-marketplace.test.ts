import { beforeAll, expect, test } from "vitest";
import { type Api, api, expectStatus, type Problem } from "../../harness/client.ts";
import { addMemberByPlatform, newAccount, newApiKey, newMember, type Person } from "../../harness/people.ts";
import { isSoak } from "../../harness/soak.ts";
import { type CellCheck, type ExpectedAnswer, compareCells } from "../access/policy-matrix.ts";
import { inviteCell, actingIn } from "./invite-fixture.ts";
import { fetch, createPlatform, statusOf } from "../access/operators-fixture.ts";

/** The policy, as people wrote it: who may give which roles. */
const CUSTOMERS = ["customer", "customer_admin", "customer_billing_admin"];
const SELLERS = [
  "seller_admin",
  "account_manager",
  "seller_agent_admin",
  "subscriptions_manager",
  "product_manager",
  "seller_billing_admin",
  "support_agent",
  "reseller_report",
  "report_viewer_360",
];
const DISTRIBUTORS = ["distributor_admin", "distributor_read_only"];
const ROLES = [...DISTRIBUTORS, ...SELLERS, ...CUSTOMERS];
const GIVES: Readonly<Record<string, readonly string[]>> = {
  distributor_admin: ROLES,
  seller_admin: ROLES,
  account_manager: ["subscriptions_manager", "seller_billing_admin", "support_agent", ...CUSTOMERS],
  seller_agent_admin: ["subscriptions_manager", "seller_billing_admin", "report_viewer_360", ...CUSTOMERS],
  subscriptions_manager: CUSTOMERS,
  product_manager: CUSTOMERS,
  seller_billing_admin: CUSTOMERS,
  support_agent: CUSTOMERS,
  customer_admin: CUSTOMERS,
  customer: ["customer_billing_admin"],
};
const EDITS_USERS = [
  "distributor_admin",
  "seller_admin",
  "account_manager",
  "seller_agent_admin",
  "customer_admin",
];
const EXISTS: Readonly<Record<string, readonly string[]>> = {
  distributor: [...DISTRIBUTORS, "report_viewer_360"],
  seller: SELLERS,
  organization: CUSTOMERS,
};

interface Switches {
  readonly inviteOnlyAdmins: boolean;
  readonly customersMayInviteBillingAdmin: boolean;
  readonly billingAdminVisibleToCustomer: boolean;
}
interface Place {
  readonly name: string;
  readonly kind: string;
  readonly accountId: string;
}

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
  platform = await createPlatform();
  distributor = await newAccount(fetch, platform, "distributor");
  seller = await newAccount(fetch, platform, "seller", { parentId: distributor.accountId });
  const otherSeller = await newAccount(fetch, platform, "seller");
  const organization = (above: Person) =>
    newAccount(fetch, platform, "customer_org", { parentId: above.accountId });
  reached = await organization(seller);
  unreached = await organization(seller);
  const foreign = await organization(otherSeller);
  await settle({
    inviteOnlyAdmins: false,
    customersMayInviteBillingAdmin: true,
    billingAdminVisibleToCustomer: true,
  });
  const grants = [{ resourceType: "organization", resourceId: reached.accountId, access: "view" }];
  for (const role of SELLERS.slice(1))
    actors[role] = await newMember(fetch, seller, {
      roles: [role],
      grants: role === "account_manager" ? [] : grants,
    });
  for (const role of ["customer", "customer_billing_admin"])
    actors[role] = await newMember(fetch, reached, { roles: [role] });
  actors["distributor_read_only"] = await newMember(fetch, distributor, { roles: ["distributor_read_only"] });
  Object.assign(actors, { distributor_admin: distributor, seller_admin: seller, customer_admin: reached });
  places = [
    { name: "the distributor", kind: "distributor", accountId: distributor.accountId },
    { name: "the seller", kind: "seller", accountId: seller.accountId },
    { name: "another seller", kind: "seller", accountId: otherSeller.accountId },
    { name: "a customer within reach", kind: "organization", accountId: reached.accountId },
    { name: "a customer out of reach", kind: "organization", accountId: unreached.accountId },
    { name: "another seller's customer", kind: "organization", accountId: foreign.accountId },
  ];
});

async function settle(switches: Switches): Promise<void> {
  expectStatus(
    await seller.api.patch(`/v1/accounts/${seller.accountId}`, { settings: switches }, { ifMatch: "*" }),
    200,
  );
  const { inviteOnlyAdmins } = switches;
  expectStatus(
    await distributor.api.patch(
      `/v1/accounts/${distributor.accountId}`,
      { settings: { inviteOnlyAdmins } },
      { ifMatch: "*" },
    ),
    200,
  );
}

/** Where an actor acts at all: at home; below it, as far as the role sees organizations. */
function reaches(role: string, actor: Person, place: Place): boolean {
  if (place.accountId === actor.accountId) return true;
  const below = [reached, unreached].some(({ accountId }) => accountId === place.accountId);
  if (DISTRIBUTORS.includes(role)) return below || place.accountId === seller.accountId;
  if (["seller_admin", "account_manager"].includes(role)) return below;
  return (
    SELLERS.includes(role) &&
    !["reseller_report", "report_viewer_360"].includes(role) &&
    place.accountId === reached.accountId
  );
}

function expected(
  role: string,
  actor: Person,
  given: string,
  place: Place,
  switches: Switches,
): ExpectedAnswer {
  if (!reaches(role, actor, place)) return 404;
  const admin = role === "seller_admin" || role === "distributor_admin";
  const invitesAny =
    GIVES[role] !== undefined &&
    (admin || !switches.inviteOnlyAdmins) &&
    (role !== "customer" || switches.customersMayInviteBillingAdmin);
  if (!invitesAny) return 403;
  const unknown =
    !EXISTS[place.kind]?.includes(given) ||
    (given === "customer_billing_admin" && !switches.billingAdminVisibleToCustomer);
  return unknown ? 422 : GIVES[role]?.includes(given) ? "yes" : 403;
}

const EITHER = [false, true];
const EVERY_POSITION: readonly Switches[] = EITHER.flatMap((inviteOnlyAdmins) =>
  EITHER.flatMap((customersMayInviteBillingAdmin) =>
    EITHER.map((billingAdminVisibleToCustomer) => ({
      inviteOnlyAdmins,
      customersMayInviteBillingAdmin,
      billingAdminVisibleToCustomer,
    })),
  ),
);
/**
 * In the short form those with an even number of switches on: each two switches are in each position
 * together.
 */
const POSITIONS = EVERY_POSITION.filter(
  (switches) => isSoak || Object.values(switches).filter(Boolean).length % 2 === 0,
);

test("S2.9, S2.10, S2.24 who may give which role in which organization, with every switch", {
  timeout: 600_000,
}, async () => {
  for (const switches of POSITIONS) {
    await settle(switches);
    const cells = Object.entries(actors).flatMap(([role, actor]) =>
      places.flatMap((place) =>
        // Where no caller is let in at all, a role of each kind is enough.
        (reaches(role, actor, place) ? ROLES : ["seller_admin", "customer"]).map((given) =>
          inviteCell(
            actor,
            given,
            place.accountId,
            `${role} gives ${given} in ${place.name}`,
            expected(role, actor, given, place, switches),
          ),
        ),
      ),
    );
    await compareCells(`marketplace, actor × role × organization with ${JSON.stringify(switches)}`, cells);
  }
});

test("S2.1 users V adds members but edits none; users E edits those whose roles it could give", {
  timeout: 300_000,
}, async () => {
  await settle({
    inviteOnlyAdmins: false,
    customersMayInviteBillingAdmin: true,
    billingAdminVisibleToCustomer: true,
  });
  const people: (Person & { role: string })[] = [];
  for (const role of SELLERS)
    people.push({ ...(await addMemberByPlatform(fetch, platform, seller.accountId, [role])), role });
  for (const role of CUSTOMERS)
    people.push({ ...(await addMemberByPlatform(fetch, platform, reached.accountId, [role])), role });
  const cells = Object.entries(actors).flatMap(([role, actor]) =>
    people.flatMap((whom): CellCheck[] => {
      const place = places.find(({ accountId }) => accountId === whom.accountId) ?? expect.fail();
      const ask = whom.accountId === actor.accountId ? {} : actingIn(whom.accountId);
      const may = !reaches(role, actor, place)
        ? 404
        : EDITS_USERS.includes(role) && GIVES[role]?.includes(whom.role)
          ? "yes"
          : 403;
      return [
        {
          cell: `${role} edits a ${whom.role}`,
          expected: may,
          ask: () =>
            actor.api.patch(`/v1/members/${whom.memberId}`, { position: "Clerk" }, { ...ask, ifMatch: "*" }),
        },
        {
          cell: `${role} blocks a ${whom.role}`,
          expected: may,
          ask: () => actor.api.post(`/v1/members/${whom.memberId}/block`, undefined, ask),
        },
        {
          cell: `${role} unblocks a ${whom.role}`,
          expected: may,
          ask: () => actor.api.post(`/v1/members/${whom.memberId}/unblock`, undefined, ask),
        },
      ];
    }),
  );
  await compareCells("marketplace, actor × holder of a role × edit, block, unblock", cells);
});

test("S2.10 a role that is off gives its members nothing from the next call on, and back", async () => {
  const holder = actors["customer_billing_admin"] ?? expect.fail();
  const position = (billingAdminVisibleToCustomer: boolean) =>
    settle({ inviteOnlyAdmins: false, customersMayInviteBillingAdmin: true, billingAdminVisibleToCustomer });
  for (const [visible, answer] of [
    [true, "200"],
    [false, "403 access/denied"],
    [true, "200"],
  ] as const) {
    await position(visible);
    expect(statusOf(await holder.api.get("/v1/members"))).toBe(answer);
  }
});

test("with inviteOnlyAdmins no other adds members: by rights, custom role, or at customers", async () => {
  const role = expectStatus(
    await seller.api.post<{ id: string }>("/v1/roles", {
      name: "Welcomes",
      description: "Adds members",
      rights: ["member.create", "member.view"],
    }),
    201,
  ).body.id;
  const direct = await newMember(fetch, seller, {
    roles: ["support_agent"],
    rights: ["member.create"],
    grants: [{ resourceType: "organization", access: "view" }],
  });
  const named = await newMember(fetch, seller, { roles: ["reseller_report", role] });
  const add = async (who: Person, ask: object = {}) =>
    statusOf(
      await who.api.post(
        "/v1/members",
        { firstName: "Ed", lastName: "Extra", email: `${crypto.randomUUID()}@example.com`, roles: [] },
        ask,
      ),
    );
  const everywhere = async () => [
    await add(direct),
    await add(named),
    await add(direct, actingIn(reached.accountId)),
    await add(seller),
    await add(seller, actingIn(reached.accountId)),
  ];
  for (const inviteOnlyAdmins of EITHER) {
    await settle({
      inviteOnlyAdmins,
      customersMayInviteBillingAdmin: true,
      billingAdminVisibleToCustomer: true,
    });
    const others = inviteOnlyAdmins ? "403 access/denied" : "201";
    expect(await everywhere()).toEqual([others, others, others, "201", "201"]);
  }
});

const person = (more: object = {}) => ({
  firstName: "Ed",
  lastName: "Extra",
  email: `${crypto.randomUUID()}@example.com`,
  ...more,
});
const USUAL = {
  inviteOnlyAdmins: false,
  customersMayInviteBillingAdmin: true,
  billingAdminVisibleToCustomer: true,
};

test("a seller's inviteOnlyAdmins holds for the distributor too, and the refusal names it", async () => {
  const from = await newMember(fetch, distributor, {
    roles: ["distributor_read_only"],
    rights: ["member.create"],
  });
  const add = async (where: Person, who = from) => {
    const { status, body } = await who.api.post<Problem>("/v1/members", person(), actingIn(where.accountId));
    return status === 201 ? 201 : body.detail;
  };
  const named =
    "The setting inviteOnlyAdmins is on: only seller_admin and distributor_admin add members here.";
  await settle(USUAL);
  expect([await add(seller), await add(reached)]).toEqual([201, 201]);
  expectStatus(
    await seller.api.patch(
      `/v1/accounts/${seller.accountId}`,
      { settings: { inviteOnlyAdmins: true } },
      { ifMatch: "*" },
    ),
    200,
  );
  expect([await add(seller), await add(reached), await add(reached, actors["account_manager"])]).toEqual([
    named,
    named,
    named,
  ]);
  expect([await add(seller, distributor), await add(reached, distributor)]).toEqual([201, 201]);
  await settle(USUAL);
});

test("a caller who could not give the owner's role, or sees no organizations, founds none", async () => {
  const found = async (who: Api) =>
    statusOf(
      await who.post(
        "/v1/organizations",
        {
          name: "New",
          owner: { firstName: "O", lastName: "W", email: `${crypto.randomUUID()}@example.com` },
        },
        { idempotencyKey: crypto.randomUUID() },
      ),
    );
  const manager = actors["account_manager"] ?? expect.fail();
  const byRight = await newMember(fetch, seller, {
    roles: [],
    rights: ["organization.create", "organization.view"],
  });
  const admin = await newMember(fetch, seller, { roles: ["seller_admin"] });
  const narrow = async (scopes: readonly string[]) =>
    api(fetch, await newApiKey(fetch, seller, admin.memberId, { scopes }));
  expect([
    await found(manager.api),
    await found(byRight.api),
    await found(await narrow(["organization.create"])),
  ]).toEqual(["201", "403 access/denied", "403 access/denied"]);
  expect(await found(await narrow(["organization.create", "organization.view"]))).toBe("403 access/denied");
  expect(
    expectStatus(await seller.api.get<{ grants: object[] }>(`/v1/members/${admin.memberId}`), 200).body
      .grants,
    "no reach is left behind",
  ).toEqual([]);
  const {
    data: [newest],
  } = expectStatus(await seller.api.get<{ data: { id: string }[] }>("/v1/organizations?limit=1"), 200).body;
  const again = async (who: Person) =>
    statusOf(
      await who.api.post(`/v1/organizations/${newest?.id}/owner-claims`, undefined, {
        idempotencyKey: crypto.randomUUID(),
      }),
    );
  await settle({ ...USUAL, inviteOnlyAdmins: true });
  expect([await found(manager.api), await again(manager), await again(byRight), await again(seller)]).toEqual(
    ["403 access/denied", "403 access/denied", "403 access/denied", "201"],
  );
  await settle(USUAL);
});

test("a new member gets rights and custom roles only from those who could give them later", async () => {
  const viewer = actors["subscriptions_manager"] ?? expect.fail();
  const { id } = expectStatus(
    await seller.api.post<{ id: string }>("/v1/roles", {
      name: "Looks",
      description: "Sees",
      rights: ["subscription.view"],
    }),
    201,
  ).body;
  for (const more of [{ rights: ["subscription.view"] }, { roles: [id] }]) {
    for (const [who, answer] of [
      [viewer, "403 access/denied"],
      [seller, "201"],
    ] as const)
      expect(statusOf(await who.api.post("/v1/members", person(more))), JSON.stringify(more)).toBe(answer);
  }
  // A customer may add billing admins, but may give them no other rights.
  const customer = actors["customer"] ?? expect.fail();
  expect(statusOf(await customer.api.post("/v1/members", person({ rights: ["subscription.create"] })))).toBe(
    "403 access/denied",
  );
});

test("the card of a member whose role is switched off can be changed; the role cannot be given", async () => {
  const holder = actors["customer_billing_admin"] ?? expect.fail();
  const edit = async (body: object) =>
    statusOf(await reached.api.patch(`/v1/members/${holder.memberId}`, body, { ifMatch: "*" }));
  await settle({ ...USUAL, billingAdminVisibleToCustomer: false });
  expect([await edit({ phone: "1" }), await edit({ roles: ["customer_billing_admin"] })]).toEqual([
    "200",
    "422 validation",
  ]);
  await settle(USUAL);
});
