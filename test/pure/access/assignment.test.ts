import { describe, expect, test } from "vitest";
import { renderMessage } from "../../../src/kernel/messages/message.ts";
import {
  type Assignment,
  type AssignmentFault,
  findAssignmentFault,
  canGiveAssignment,
  findGrantFault,
  missingGrantType,
} from "../../../src/access/assignment.ts";
import type { Giver } from "../../../src/access/role-giving.ts";
import type { GrantSource } from "../../../src/access/contribution.ts";
import { compileGrantSet } from "../../../src/access/grant-set.ts";
import { type AccountKind, PRESETS } from "../../../src/access/model.ts";
import type { GrantRow } from "../../../src/access/preset.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";

const HOME = "acc_1";
const NOTHING: Assignment = { roles: [], customRoles: [], rights: [], grants: [], creditLimit: null };
const CUSTOM = { key: "rol_1", rights: [], grants: [] };

function giver(kind: AccountKind, more: Partial<GrantSource>): Giver {
  const source: GrantSource = {
    memberId: "mem_1",
    accountId: HOME,
    objectGroupIds: ["all"],
    scopes: null,
    roles: [],
    customRoles: [],
    rights: [],
    grants: [],
    ...more,
  };
  return {
    preset: PRESETS[kind],
    roles: source.roles,
    grantSet: compileGrantSet(source, PRESETS[kind], TYPE_TABLE),
  };
}

const grant = (resourceType: string, resourceId = "n", access: GrantRow["access"] = "view"): GrantRow => ({
  resourceType,
  resourceId,
  access,
});

/** As a caller reads it. */
const inEnglish = (found: AssignmentFault | null) =>
  found === null || found.kind === "plan" ? found : { ...found, detail: renderMessage(found.detail, "en") };

const fault = (by: Giver | null, wanted: Partial<Assignment>, kind: AccountKind = "vendor") =>
  inEnglish(findAssignmentFault(by, { ...NOTHING, ...wanted }, HOME, PRESETS[kind], TYPE_TABLE));

describe("what is assigned has to make sense", () => {
  const noRole = "must be one of owner, operator, or the id of a custom role of the account";
  test.each<[string, Partial<Assignment>, pointer: string, detail: string]>([
    ["a role that is not there", { roles: ["operator", "ghost"] }, "/roles/1", noRole],
    ["a name that every object has", { roles: ["constructor"] }, "/roles/0", noRole],
    [
      "a custom role that is not there",
      { roles: ["rol_1", "rol_2"], customRoles: [CUSTOM] },
      "/roles/1",
      noRole,
    ],
    ["a role twice", { roles: ["operator", "operator"] }, "/roles", "names a role twice"],
    [
      "a right of another model",
      { rights: ["product.view", "object.view"] },
      "/rights/1",
      "does not exist in this account's model",
    ],
    [
      "a right that there is nowhere",
      { rights: ["ghost.view"] },
      "/rights/0",
      "does not exist in this account's model",
    ],
    [
      "a grant on what has no grants",
      { grants: [grant("license_key")] },
      "/grants/0/resourceType",
      "must be one of product, customer, analytics, billing",
    ],
    [
      "S4.20 a limit for an owner",
      { roles: ["owner"], creditLimit: 0 },
      "/creditLimit",
      "does not go with the role owner",
    ],
    [
      "S4.20 a limit for an operator who is an owner, too",
      { roles: ["operator", "owner"], creditLimit: 5 },
      "/creditLimit",
      "does not go with the role owner",
    ],
    ["S4.20 a limit without a role", { creditLimit: 5 }, "/creditLimit", "does not go with these roles"],
    [
      "S4.20 a limit for a custom role alone",
      { roles: ["rol_1"], customRoles: [CUSTOM], creditLimit: 5 },
      "/creditLimit",
      "does not go with these roles",
    ],
  ])("%s", (_, wanted, pointer, detail) =>
    expect(fault(null, wanted)).toEqual({ kind: "invalid", pointer, detail }),
  );

  test.each<[string, Partial<Assignment>]>([
    ["nothing", {}],
    ["each role of the model", { roles: ["owner", "operator"] }],
    ["a custom role of the account", { roles: ["rol_1"], customRoles: [CUSTOM] }],
    [
      "several custom roles of the account",
      { roles: ["rol_2", "rol_1"], customRoles: [CUSTOM, { ...CUSTOM, key: "rol_2" }] },
    ],
    ["S4.20 a limit for an operator", { roles: ["operator"], creditLimit: 5 }],
    [
      "S4.20 a limit beside a custom role",
      { roles: ["rol_1", "operator"], customRoles: [CUSTOM], creditLimit: 0 },
    ],
    ["an owner without a limit", { roles: ["owner"] }],
    ["a right and a grant of the model", { rights: ["product.view"], grants: [grant("product")] }],
  ])("%s is no fault", (_, wanted) => expect(fault(null, wanted)).toBeNull());
});

describe("S1.14 no member assigns more than they may", () => {
  const owner = giver("vendor", { roles: ["owner"] });
  const operator = giver("vendor", { roles: ["operator"], rights: ["product.view"] });
  const agent = giver("seller", { roles: ["support_agent"] });
  const DENIED = "You may not give rights or grants that go further than your own.";

  test.each<[string, Giver, Partial<Assignment>, AccountKind, detail: string]>([
    [
      "a role, when one may give none",
      operator,
      { roles: ["operator"] },
      "vendor",
      "You may not assign any role.",
    ],
    [
      "a role above one's own",
      agent,
      { roles: ["seller_admin"] },
      "seller",
      "You may assign these roles only: customer, customer_admin, customer_billing_admin.",
    ],
    ["a right that one lacks", operator, { rights: ["product.edit"] }, "vendor", DENIED],
    ["a grant beyond one's own", operator, { grants: [grant("product", "n", "edit")] }, "vendor", DENIED],
    [
      "a custom role beyond one's own",
      operator,
      { roles: ["rol_1"], customRoles: [{ ...CUSTOM, rights: ["customer.view"] }] },
      "vendor",
      DENIED,
    ],
  ])("%s", (_, by, wanted, kind, detail) =>
    expect(fault(by, wanted, kind)).toEqual({ kind: "denied", detail }),
  );

  test.each<[string, Giver, Partial<Assignment>]>([
    [
      "an owner gives any role, right and grant",
      owner,
      { roles: ["owner"], rights: ["product.delete"], grants: [grant("customer", "0", "owner")] },
    ],
    ["a right that one holds", operator, { rights: ["product.view"] }],
    [
      "a grant within a right that one holds",
      giver("vendor", {
        rights: ["product.view", "license_key.view", "machine_code.view", "data_object.view"],
      }),
      { grants: [grant("product")] },
    ],
  ])("%s: that is allowed", (_, by, wanted) => expect(fault(by, wanted)).toBeNull());

  test("the giver is asked before rights, grants and limit, which say what one may not see", () => {
    const wanted = { roles: ["operator"], rights: ["object.view"], grants: [grant("ghost")], creditLimit: 5 };
    expect(fault(operator, wanted)).toMatchObject({ kind: "denied" });
    expect(fault(operator, { rights: ["product.edit"], creditLimit: 5 })).toMatchObject({ kind: "denied" });
  });

  test("a giver who sees some object groups gives the rights that they hold there", () => {
    const by = giver("dealer", { roles: ["dealer_user"], objectGroupIds: ["g1"] });
    const gives = (rights: string[]) =>
      canGiveAssignment(by, { ...NOTHING, rights }, HOME, PRESETS.dealer, TYPE_TABLE);
    expect([gives(["object.view"]), gives(["object.delete"])]).toEqual([true, false]);
  });

  test("a right that no row of the model gives is not given either", () => {
    const within = (rights: string[]) =>
      canGiveAssignment(operator, { ...NOTHING, rights }, HOME, PRESETS.vendor, TYPE_TABLE);
    expect([
      within(["product.view"]),
      within(["object.view"]),
      within(["product.view", "object.view"]),
    ]).toEqual([true, false, false]);
  });

  test.each<[string, Partial<GrantSource>, GrantRow, boolean]>([
    ["a manager, on every tool", { roles: ["manager"] }, grant("tool", "0"), true],
    [
      "a specialist, on a tool of theirs",
      { roles: ["specialist"], grants: [grant("tool")] },
      grant("tool"),
      true,
    ],
    [
      "a specialist, on another tool",
      { roles: ["specialist"], grants: [grant("tool")] },
      grant("tool", "m"),
      false,
    ],
    [
      "a specialist with a tool, on every tool",
      { roles: ["specialist"], grants: [grant("tool")] },
      grant("tool", "0"),
      false,
    ],
  ])("a grant that only says where is given on what one sees: %s", (_, more, one, allowed) => {
    const by = giver("agency", more);
    for (const wanted of [{ grants: [one] }, { customRoles: [{ ...CUSTOM, grants: [one] }] }])
      expect(canGiveAssignment(by, { ...NOTHING, ...wanted }, HOME, PRESETS.agency, TYPE_TABLE)).toBe(
        allowed,
      );
  });
});

describe("a grant that makes no sense is refused when it is saved", () => {
  const types = "must be one of product, customer, analytics, billing";
  test.each<[string, AccountKind, GrantRow[], member: string, detail: string]>([
    ["an unknown type", "vendor", [grant("ghost")], "0/resourceType", types],
    ["a type of another model", "vendor", [grant("product"), grant("tool")], "1/resourceType", types],
    [
      "a grant that says where, and more than view",
      "agency",
      [grant("tool", "0"), grant("task", "n", "edit")],
      "1/access",
      "must be view: a grant on task says where, the role says what",
    ],
    [
      "one object of a type that is granted whole",
      "vendor",
      [grant("analytics")],
      "0/resourceId",
      'must be "0": a grant on analytics is always on all',
    ],
    [
      "the same object twice",
      "vendor",
      [grant("product"), grant("customer"), grant("product", "n", "edit")],
      "2/resourceId",
      "is granted twice",
    ],
  ])("%s", (_, kind, grants, member, detail) =>
    expect(inEnglish(findGrantFault(grants, PRESETS[kind], TYPE_TABLE))).toEqual({
      kind: "invalid",
      pointer: `/grants/${member}`,
      detail,
    }),
  );

  test.each<[string, AccountKind, GrantRow[]]>([
    ["none", "vendor", []],
    [
      "the same type on several objects, and all",
      "vendor",
      [grant("product"), grant("product", "m"), grant("product", "0")],
    ],
    ["the same id on several types", "vendor", [grant("product"), grant("customer")]],
    [
      "every level on a single object",
      "vendor",
      [grant("product", "n", "edit"), grant("customer", "n", "owner")],
    ],
    ["all of a type that is granted whole", "vendor", [grant("billing", "0", "edit")]],
    ["where, on one and on all", "agency", [grant("task"), grant("tool", "0")]],
  ])("%s is no fault", (_, kind, grants) =>
    expect(findGrantFault(grants, PRESETS[kind], TYPE_TABLE)).toBeNull(),
  );
});

test.each<[roles: string[], grants: GrantRow[], string | null]>([
  [["guest"], [], "task"],
  [["guest"], [grant("tool")], "task"],
  [["guest"], [grant("tool"), grant("task")], null],
  [["specialist", "guest"], [], "task"],
  [["specialist", "rol_1", "constructor"], [], null],
  [[], [], null],
])("a guest needs a grant on tasks: %j with %j lacks %j", (roles, grants, missing) =>
  expect(missingGrantType(PRESETS.agency, roles, grants)).toBe(missing),
);
