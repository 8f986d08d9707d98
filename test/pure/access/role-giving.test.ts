import { describe, expect, test } from "vitest";
import type { GrantSource } from "../../../src/access/contribution.ts";
import type { GrantSet } from "../../../src/access/decision.ts";
import {
  canActOn,
  canSeeGrantTarget,
  compileGrantSet,
  rightsShownBelow,
} from "../../../src/access/grant-set.ts";
import { type Giver, canMakeKey, canManage, type ManagedMember } from "../../../src/access/role-giving.ts";
import {
  ACCOUNT_KINDS,
  type AccountKind,
  kindBelow,
  presetWithSwitches,
  PRESETS,
  presetOfKind,
} from "../../../src/access/model.ts";
import type { GrantRow, Switches } from "../../../src/access/preset.ts";
import { isReservedName } from "../../../src/access/reserved-name.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";

const HOME = "acc_1";

const setOf = (kind: AccountKind, more: Partial<GrantSource>): GrantSet =>
  compileGrantSet(
    {
      memberId: "mem_1",
      accountId: HOME,
      roles: [],
      customRoles: [],
      rights: [],
      grants: [],
      objectGroupIds: ["all"],
      scopes: null,
      ...more,
    },
    PRESETS[kind],
    TYPE_TABLE,
  );
const actor = (kind: AccountKind, more: Partial<GrantSource>): Giver => ({
  preset: PRESETS[kind],
  roles: more.roles ?? [],
  grantSet: setOf(kind, more),
});
const target = (more: Partial<ManagedMember> = {}): ManagedMember => ({
  roles: [],
  rights: [],
  grants: [],
  customGrantSet: setOf("vendor", {}),
  ...more,
});
const grant = (resourceType: string, resourceId: string): GrantRow => ({
  resourceType,
  resourceId,
  access: "view",
});

const owner = actor("vendor", { roles: ["owner"] });
/** Manages members by a right of their own, and may give no role. */
const deputy = actor("vendor", { rights: ["member.edit", "product.view"] });
const EDITS = setOf("vendor", { rights: ["product.edit"] });

describe("which members one may manage", () => {
  test.each<[string, Giver, Partial<ManagedMember>, boolean]>([
    ["an owner another owner", owner, { roles: ["owner"] }, true],
    [
      "an owner a member whose rights and grants go further than a role",
      owner,
      { rights: ["x.y"], grants: [grant("product", "n")] },
      true,
    ],
    ["an owner a member with a custom role", owner, { roles: ["rol_1"], customGrantSet: EDITS }, true],
    ["an owner a member with a role of another model", owner, { roles: ["viewer"] }, false],
    ["a deputy a member who has nothing", deputy, {}, true],
    ["a deputy an operator", deputy, { roles: ["operator"] }, false],
    ["a deputy a member with a right of theirs", deputy, { rights: ["product.view"] }, true],
    ["a deputy a member with another right", deputy, { rights: ["product.view", "product.edit"] }, false],
    ["a deputy a member with any grant", deputy, { grants: [grant("product", "n")] }, false],
    [
      "a deputy a member whose custom role gives more",
      deputy,
      { roles: ["rol_1"], customGrantSet: EDITS },
      false,
    ],
    [
      "a deputy a member whose custom role gives the same",
      deputy,
      { customGrantSet: setOf("vendor", { rights: ["product.view"] }) },
      true,
    ],
  ])("%s", (_, by, more, may) => expect(canManage(by, target(more))).toBe(may));
});

describe("S1.15 for which members one may make a key", () => {
  const nothing = setOf("vendor", {});
  const agent = actor("agency", { roles: ["owner"], scopes: ["member.edit", "tool.edit"] });
  const blind = { ...agent, grantSet: setOf("agency", { roles: ["guest"], grants: [grant("tool", "m")] }) };
  test.each<[string, Giver, ManagedMember, given: GrantSet, boolean]>([
    ["a member whose role one could give", owner, target({ roles: ["operator"] }), nothing, true],
    ["a member whom one may not manage", deputy, target({ roles: ["operator"] }), nothing, false],
    ["a member who is given more than one holds", deputy, target(), EDITS, false],
    ["a member who is given what one holds", owner, target(), EDITS, true],
    ["a grant on a tool that one sees", blind, target({ grants: [grant("tool", "m")] }), nothing, true],
    [
      "a grant on a tool that one does not see",
      blind,
      target({ grants: [grant("tool", "m"), grant("tool", "n")] }),
      nothing,
      false,
    ],
  ])("%s", (_, by, whom, given, may) => expect(canMakeKey(by, whom, given, TYPE_TABLE)).toBe(may));
});

describe("a grant that only says where shows its objects to those who see them", () => {
  const owns = setOf("agency", { roles: ["owner"] });
  const sees = setOf("agency", { roles: ["guest"], grants: [grant("tool", "n")] });
  test.each<[string, GrantSet, GrantRow, boolean]>([
    ["all of them, to an owner", owns, grant("tool", "0"), true],
    ["one of them, to an owner", owns, grant("tool", "m"), true],
    ["the one that was granted", sees, grant("tool", "n"), true],
    ["another", sees, grant("tool", "m"), false],
    ["all, to a member who sees one", sees, grant("tool", "0"), false],
    ["one of a type without any right", setOf("agency", {}), grant("tool", "n"), false],
    ["a grant that gives rights is compared by those", sees, grant("product", "m"), true],
    ["a type that is not registered", sees, grant("ghost", "m"), true],
  ])("%s", (_, set, row, seen) => expect(canSeeGrantTarget(set, row, TYPE_TABLE)).toBe(seen));

  test('an object whose id is "0" is no object: all of them need a right on all', () => {
    expect(
      canSeeGrantTarget(
        setOf("agency", { roles: ["guest"], grants: [grant("tool", "0")] }),
        grant("tool", "0"),
        TYPE_TABLE,
      ),
    ).toBe(true);
    const odd = setOf("agency", { roles: ["guest"], grants: [grant("tool", "n")] });
    const reach = odd.extents.get("tool.view");
    const zero = { ...odd, extents: new Map([["tool.view", { ...reach, ids: new Set(["0"]) }]]) } as GrantSet;
    expect(canSeeGrantTarget(zero, grant("tool", "0"), TYPE_TABLE)).toBe(false);
  });
});

describe("S2.8 in which accounts below one acts", () => {
  const everywhere = setOf("seller", { roles: ["seller_admin"] });
  const some = setOf("distributor", { roles: [], rights: [], grants: [] });
  const granted = setOf("seller", { roles: ["support_agent"], grants: [grant("organization", "n")] });
  const home = setOf("seller", { roles: ["support_agent"], grants: [grant("organization", HOME)] });
  test.each<
    [
      string,
      GrantSet,
      AccountKind,
      id: string,
      parentId: string | null,
      grandparentId: string | null,
      boolean,
    ]
  >([
    ["directly below", everywhere, "seller", "n", HOME, null, true],
    ["two below", everywhere, "seller", "n", "m", HOME, true],
    ["three below", everywhere, "seller", "n", "m", "k", false],
    ["an account that stands alone", everywhere, "seller", "n", null, null, false],
    ["an account that stands alone, with a grandparent", everywhere, "seller", "n", null, HOME, false],
    ["below another account", everywhere, "seller", "n", "m", null, false],
    ["a model without accounts below", everywhere, "vendor", "n", HOME, null, false],
    ["the one that was granted", granted, "seller", "n", HOME, null, true],
    ["another", granted, "seller", "m", HOME, null, false],
    ["below the one that was granted", granted, "seller", "k", "n", HOME, true],
    ["granted, two below", granted, "seller", "n", "m", HOME, true],
    ["below another one", granted, "seller", "k", "m", HOME, false],
    ["a grant on the own account extents no account below", home, "seller", "n", HOME, null, false],
    ["without the right", some, "distributor", "n", HOME, null, false],
  ])("%s", (_, set, kind, id, parentId, grandparentId, acts) =>
    expect(canActOn(set, PRESETS[kind], HOME, { id, parentId }, grandparentId)).toBe(acts),
  );
});

test("S2.8 what the right that leads below shows there by itself, within the scopes of a key", () => {
  const shown = (kind: "seller" | "dealer", scopes: readonly string[] | null) => {
    const { tree } = PRESETS[kind];
    return tree === null ? null : rightsShownBelow(tree, scopes);
  };
  expect(shown("seller", null)).toEqual([]);
  expect(shown("dealer", null)).toEqual(["object.view", "request.view", "member.view"]);
  expect(shown("dealer", ["member.view", "key.view"])).toEqual(["member.view"]);
});

describe("kinds of accounts", () => {
  test("each kind founds the kind below it, or none", () => {
    expect(Object.fromEntries(ACCOUNT_KINDS.map((kind) => [kind, kindBelow(kind)]))).toEqual({
      platform: null,
      vendor: null,
      team: null,
      distributor: "seller",
      seller: "customer_org",
      customer_org: null,
      dealer: "subdealer",
      subdealer: null,
      agency: null,
    });
  });

  test("a kind without an access model is named in the error", () =>
    expect(() => presetOfKind("circus")).toThrow("no access model for accounts of kind circus"));
});

describe("settings of an account that change who gives which role", () => {
  const ON: Switches = {
    inviteOnlyAdmins: false,
    customersMayInviteBillingAdmin: true,
    billingAdminVisibleToCustomer: true,
  };
  const roleOf = (kind: AccountKind, role: string, more: Partial<Switches>) =>
    presetWithSwitches(kind, { ...ON, ...more }).roles[role];

  test("a model without switches is the same with any", () =>
    expect(presetWithSwitches("team", { ...ON, inviteOnlyAdmins: true })).toEqual(PRESETS.team));

  test("the same settings are the same model, and others are another", () => {
    expect(presetWithSwitches("seller", { ...ON })).toBe(presetWithSwitches("seller", { ...ON }));
    for (const name of Object.keys(ON) as (keyof Switches)[])
      expect(presetWithSwitches("customer_org", { ...ON, [name]: !ON[name] }), name).not.toBe(
        presetWithSwitches("customer_org", ON),
      );
  });

  test("with only admins inviting, no other role gives any or adds members", () => {
    for (const [name, role] of Object.entries(
      presetWithSwitches("seller", { ...ON, inviteOnlyAdmins: true }).roles,
    )) {
      const before = PRESETS.seller.roles[name];
      const isAdmin = name === "seller_admin";
      expect(role.mayInvite, name).toEqual(isAdmin ? before?.mayInvite : []);
      expect(role.rights["member.create"], name).toBe(isAdmin ? "all" : undefined);
      const { "member.create": _, ...rest } = before?.rights ?? {};
      expect(role.rights, name).toEqual(isAdmin ? before?.rights : rest);
    }
  });

  test("customers give the billing admin only while they may", () => {
    expect(roleOf("customer_org", "customer", {})).toBe(PRESETS.customer_org.roles["customer"]);
    const customer = roleOf("customer_org", "customer", { customersMayInviteBillingAdmin: false });
    expect([customer?.mayInvite, customer?.rights["member.create"]]).toEqual([[], undefined]);
    // The other roles give what they gave.
    expect(roleOf("customer_org", "customer_admin", { customersMayInviteBillingAdmin: false })).toBe(
      PRESETS.customer_org.roles["customer_admin"],
    );
  });

  test("the billing admin is a role only while customers see it", () => {
    const names = (more: Partial<Switches>) =>
      Object.keys(presetWithSwitches("customer_org", { ...ON, ...more }).roles);
    expect(names({}).sort()).toEqual(["customer", "customer_admin", "customer_billing_admin"]);
    expect(names({ billingAdminVisibleToCustomer: false }).sort()).toEqual(["customer", "customer_admin"]);
  });
});

test.each<[model: string, name: string, boolean]>([
  ["operators", "Owner", true],
  ["operators", "owner", true],
  ["operators", "OPERATOR", true],
  ["operators", "оperator", true],
  ["operators", "Manager", false],
  ["agency", "Manager", true],
  ["agency", "All", true],
  ["team", "Все", true],
  ["team", "Owner", true],
  ["team", "Владелец", true],
  ["dealer", "Platform owner", true],
  ["dealer", "владелец платформы", true],
  ["ghost", "All", true],
  ["ghost", "Viewer", false],
  ["team", "Viewer", true],
  ["team", "Viewers of March", false],
])("in the model %s the name %j is taken: %s", (model, name, taken) =>
  expect(isReservedName(model, name)).toBe(taken),
);
