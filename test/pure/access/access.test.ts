import { describe, expect, test } from "vitest";
import {
  decide,
  type GrantSet,
  memberRef,
  type ResourceRef,
  accessFilter,
} from "../../../src/access/decision.ts";
import { contributions, type GrantSource } from "../../../src/access/contribution.ts";
import { compileGrantSet, EVERY_GROUP } from "../../../src/access/grant-set.ts";
import { givableRoles, canGive } from "../../../src/access/role-giving.ts";
import { ACCOUNT_KINDS, PRESETS, presetOfKind } from "../../../src/access/model.ts";
import { isReadRight, isRight, type Right, RIGHT_NAMES, resourceTypeOf } from "../../../src/access/right.ts";
import { RESOURCE_TYPES, TYPE_TABLE } from "../../../src/resources/registry.ts";
import { MODEL_RIGHTS } from "../../harness/policy-rights.ts";

const NOTHING: GrantSource = {
  memberId: "mem_1",
  accountId: "acc_1",
  roles: [],
  customRoles: [],
  rights: [],
  grants: [],
  objectGroupIds: [],
  scopes: null,
};
const LEVELS = ["view", "edit", "owner"] as const;
const TYPES = [...new Set(RIGHT_NAMES.map(resourceTypeOf))];

const set = (more: Partial<GrantSource>, kind: keyof typeof PRESETS = "vendor"): GrantSet =>
  compileGrantSet({ ...NOTHING, ...more }, PRESETS[kind], TYPE_TABLE);
const on = (more: Partial<ResourceRef> = {}): ResourceRef => ({
  id: "x",
  rootId: null,
  ownerId: "mem_9",
  groupId: null,
  status: "inactive",
  ...more,
});

/**
 * Every right that the grant gives on an object that it names (by id or by root), and every one on any other
 * object.
 */
function reach(resourceType: string, resourceId: string, access: (typeof LEVELS)[number]) {
  const compiled = set({ grants: [{ resourceType, resourceId, access }] });
  const rights = (ref: (type: string) => ResourceRef) =>
    RIGHT_NAMES.filter((right) => decide(compiled, right, ref(resourceTypeOf(right))).allowed)
      .map(String)
      .sort();
  return {
    named: rights((type) => (type === resourceType ? on({ id: "n" }) : on({ id: "child", rootId: "n" }))),
    other: rights((type) => (type === resourceType ? on({ id: "m" }) : on({ id: "child", rootId: "m" }))),
    top: rights(() => on({ id: "" })),
  };
}

const rights = (type: string, verbs: string) =>
  verbs === "" ? [] : verbs.split(" ").map((verb) => `${type}.${verb}`);
const below = (verbs: string) =>
  ["license_key", "machine_code", "data_object"].flatMap((type) => rights(type, verbs));

describe("S0.13, S0.18 to S0.29 what each grant gives: the table of derivation", () => {
  test.each([
    ["product", "view", rights("product", "view"), below("view")],
    ["product", "edit", rights("product", "view edit"), below("view create edit")],
    ["product", "owner", rights("product", "view edit create delete"), below("view create edit")],
    ["customer", "view", rights("customer", "view"), []],
    ["customer", "edit", rights("customer", "view edit"), []],
    ["customer", "owner", rights("customer", "view edit create delete"), []],
    ["analytics", "view", ["analytics.view"], []],
    ["analytics", "edit", ["analytics.view"], []],
    ["analytics", "owner", ["analytics.view"], []],
    ["billing", "view", ["billing.view"], ["invoice.view"]],
    ["billing", "edit", ["billing.view", "billing.edit"], ["invoice.view"]],
    ["billing", "owner", ["billing.view", "billing.edit"], ["invoice.view"]],
  ] as const)("%s:0:%s", (type, level, itself, derived) => {
    const expected = [...itself, ...derived].sort();
    expect(reach(type, "0", level)).toEqual({ named: expected, other: expected, top: expected });
  });

  test.each([
    ["product", "view", rights("product", "view"), below("view")],
    ["product", "edit", rights("product", "view edit"), below("view create edit")],
    ["product", "owner", rights("product", "view edit delete"), below("view create edit")],
    ["customer", "view", rights("customer", "view"), []],
    ["customer", "edit", rights("customer", "view edit"), []],
    ["customer", "owner", rights("customer", "view edit delete"), []],
    ["analytics", "owner", [], []],
    ["billing", "owner", [], []],
  ] as const)(
    "%s:n:%s reaches n and what belongs to n, never another, and adds none of its own kind",
    (type, level, itself, derived) => {
      expect(reach(type, "n", level)).toEqual({ named: [...itself, ...derived].sort(), other: [], top: [] });
    },
  );

  test.each(
    TYPES.filter((type) => !["product", "customer", "analytics", "billing", "theme"].includes(type)).flatMap(
      (type) => LEVELS.map((level) => [type, level] as const),
    ),
  )("%s:%s is no grant: it gives nothing", (type, level) => {
    for (const id of ["0", "n"])
      expect(set({ grants: [{ resourceType: type, resourceId: id, access: level }] }).extents.size).toBe(0);
  });

  test("the registry has a right for each verb that a level can give", () => {
    for (const { name, grants, levels, derives } of RESOURCE_TYPES) {
      // Levels of a type that has no grants give nothing.
      for (const [type, table] of [
        ...(grants === "none" ? [] : [[name, levels] as const]),
        ...Object.entries(derives),
      ]) {
        for (const verb of LEVELS.flatMap((level) => table[level]))
          expect(isRight(`${type}.${verb}`), `${type}.${verb}`).toBe(true);
      }
    }
  });
});

test("which rights only look: to view, to download, and reports", () => {
  const reading = RIGHT_NAMES.filter(isReadRight);
  expect(RIGHT_NAMES.filter((name) => name.endsWith(".view") && !reading.includes(name))).toEqual([]);
  expect(reading.filter((name) => !name.endsWith(".view"))).toEqual([
    "account.view_security",
    "catalog.view_cost",
    "theme.download",
    "report.download",
    "report.expiring_licenses",
    "report.check_requests_and_keys",
    "organization.view_reports",
    "subdealer.view_entities",
  ]);
});

describe("decide says why, in order of precedence", () => {
  const grouped = new Map(
    Array.from(TYPE_TABLE, ([name, type]) => [
      name,
      name === "product" ? { ...type, isGrouped: true } : type,
    ]),
  );
  const inGroups = (objectGroupIds: string[], rights: string[] = ["product.view"]) =>
    compileGrantSet({ ...NOTHING, rights, objectGroupIds }, PRESETS.vendor, grouped);
  test.each([
    ["nothing at all", inGroups([], []), on({ groupId: "g1" }), "no_right"],
    ["no group sees nothing", inGroups([]), on({ groupId: "g1" }), "other_group"],
    ["another group", inGroups(["g2"]), on({ groupId: "g1" }), "other_group"],
    ["an object in no group", inGroups(["g2"]), on(), "other_group"],
    [
      "the group, out of reach",
      compileGrantSet(
        {
          ...NOTHING,
          grants: [{ resourceType: "product", resourceId: "n", access: "view" }],
          objectGroupIds: ["g1"],
        },
        PRESETS.vendor,
        grouped,
      ),
      on({ groupId: "g1" }),
      "out_of_reach",
    ],
    ["one of the groups", inGroups(["g1", "g2"]), on({ groupId: "g1" }), "yes"],
    ["every group", inGroups([EVERY_GROUP]), on({ groupId: "g1" }), "yes"],
    ["a type that is in no groups", inGroups([], ["customer.view"]), on({ groupId: "g1" }), "yes"],
  ] as const)("%s", (title, compiled, ref, why) => {
    const right: Right = title.startsWith("a type") ? "customer.view" : "product.view";
    const decision = decide(compiled, right, ref);
    expect(decision.allowed ? "yes" : decision.because).toBe(why);
  });

  test.each([
    ["own, mine", "api_key.view", { ownerId: "mem_1" }, true],
    ["own, another's", "api_key.view", { ownerId: "mem_2" }, false],
    ["own, without an owner", "api_key.view", { ownerId: null }, false],
    ["all", "license.provision", { ownerId: "mem_2" }, true],
  ] as const)("a scope of a role: %s", (_, right, ref, allowed) => {
    expect(decide(set({ roles: ["member"] }, "team"), right, on(ref)).allowed).toBe(allowed);
  });
  test.each([
    ["active", true],
    ["pending", false],
    ["revoked", false],
  ])("a scope of a role: active ones, and this one is %s", (status, allowed) => {
    expect(decide(set({ roles: ["viewer"] }, "team"), "license.view", on({ status })).allowed).toBe(allowed);
  });
  test("a member is an object that is its own, and active", () => {
    const member = set({ roles: ["member"] }, "team");
    expect(["mem_1", "mem_2"].map((id) => decide(member, "api_key.view", memberRef(id)).allowed)).toEqual([
      true,
      false,
    ]);
    expect(decide(set({ roles: ["viewer"] }, "team"), "license.view", memberRef("mem_2")).allowed).toBe(true);
  });
  test("without an object it asks for any at all, and a list of nothing is none", () => {
    const some = set({ grants: [{ resourceType: "product", resourceId: "n", access: "view" }] });
    expect([decide(some, "product.view").allowed, decide(some, "product.edit").allowed]).toEqual([
      true,
      false,
    ]);
    expect([accessFilter(some, "product.view").kind, accessFilter(some, "product.edit").kind]).toEqual([
      "some",
      "none",
    ]);
  });
});

describe("where a right comes from", () => {
  const sources = (more: Partial<GrantSource>, kind: keyof typeof PRESETS = "vendor") =>
    contributions({ ...NOTHING, ...more }, PRESETS[kind], TYPE_TABLE).map(
      ({ right, source }) => `${right} ${source}`,
    );

  test("the owner of an account holds what sees and stops any other member", () => {
    const rights = ["member.view", "member.block", "member.delete", "api_key.view", "api_key.revoke"];
    expect(sources({ isOwner: true })).toEqual(rights.map((right) => `${right} ownership`));
    const owner = set({ isOwner: true });
    for (const right of rights) expect(decide(owner, right as Right, on()).allowed, right).toBe(true);
    expect([...set({ isOwner: false }).extents]).toEqual([]);
  });

  test("a role, a right, a grant, what it derives, and the same of a custom role", () => {
    const billing = { resourceType: "billing", resourceId: "0", access: "view" } as const;
    const product = { resourceType: "product", resourceId: "n", access: "view" } as const;
    expect(
      sources({
        rights: ["product.edit"],
        grants: [billing],
        customRoles: [{ key: "rol_1", rights: ["customer.view"], grants: [product] }],
      }),
    ).toEqual([
      "product.edit right",
      "billing.view grant:billing:view:0",
      "invoice.view derived:billing:view:0",
      "customer.view role:rol_1",
      "product.view role:rol_1 grant:product:view:n",
      "license_key.view role:rol_1 derived:product:view:n",
      "machine_code.view role:rol_1 derived:product:view:n",
      "data_object.view role:rol_1 derived:product:view:n",
    ]);
    expect(sources({ roles: ["viewer"] }, "team")).toContain("license.view role:viewer");
  });
});

describe("the presets are the tables that were agreed on", () => {
  const yes = "all",
    no = undefined;
  test.each([
    ["catalog.view", yes, yes, yes],
    ["license.provision", yes, yes, no],
    ["license.purchase", yes, no, no],
    ["license.revoke", yes, no, no],
    ["license.view", yes, "own", "active"],
    ["theme.download", yes, yes, no],
    ["report.download", yes, no, yes],
    ["billing.view", yes, no, no],
    ["billing.edit", yes, no, no],
    ["invoice.view", yes, no, no],
    ["member.view", yes, no, no],
    ["member.create", yes, no, no],
    ["member.edit", yes, no, no],
    ["member.block", yes, no, no],
    ["member.delete", yes, no, no],
    ["hook.view", yes, no, no],
    ["hook.edit", yes, no, no],
    ["grant.edit", yes, no, no],
    ["api_key.create", yes, no, no],
    ["api_key.view", yes, "own", no],
    ["api_key.revoke", yes, "own", no],
    ["audit.view", yes, "own", no],
    ["account.view", yes, no, no],
    ["account.edit", yes, no, no],
    ["credits.spend", yes, yes, no],
    ["credits.view", yes, "own", no],
  ] as const)("S1.33 team: %s", (right, admin, member, viewer) => {
    const { roles } = PRESETS.team;
    expect([
      roles["admin"]?.rights[right],
      roles["member"]?.rights[right],
      roles["viewer"]?.rights[right],
    ]).toEqual([admin, member, viewer]);
  });

  test("team: what is in no row belongs to the admin alone", () => {
    const { roles } = PRESETS.team;
    expect(
      Object.keys(roles["member"]?.rights ?? {}).length + Object.keys(roles["viewer"]?.rights ?? {}).length,
    ).toBe(9 + 3);
    expect(Object.keys(roles["admin"]?.rights ?? {}).sort()).toEqual([...MODEL_RIGHTS.team].sort());
  });

  test("S0.7 operators: the owner may do everything, an operator nothing until granted", () => {
    const { roles, bundles, restrictedRoles, topRole } = PRESETS.vendor;
    expect(Object.entries(roles["owner"]?.rights ?? {}).sort()).toEqual(
      MODEL_RIGHTS.vendor.map((right) => [right, "all"]).sort(),
    );
    expect([roles["operator"]?.rights, restrictedRoles, topRole]).toEqual([{}, ["operator"], "owner"]);
    expect(bundles).toEqual({
      recommended_operator: [
        { resourceType: "product", resourceId: "0", access: "edit" },
        { resourceType: "customer", resourceId: "0", access: "owner" },
      ],
    });
  });

  test.each([
    ["vendor", ["owner"], ["operator", "owner"]],
    ["vendor", ["operator"], []],
    ["team", ["admin"], ["admin", "member", "viewer"]],
    ["team", ["member"], []],
    ["team", ["viewer"], []],
    ["team", ["viewer", "admin"], ["admin", "member", "viewer"]],
    ["platform", ["owner"], ["owner"]],
    ["team", [], []],
    ["team", ["constructor", "ghost"], []],
  ] as const)("%s: %j may give %j, and manages members who have no other role", (kind, roles, expected) => {
    expect([...givableRoles(PRESETS[kind], roles)].sort()).toEqual(expected);
    for (const role of Object.keys(PRESETS[kind].roles))
      expect(canGive(PRESETS[kind], roles, [role])).toBe((expected as readonly string[]).includes(role));
  });

  test("S4.20 operators, members of a team and an agency's specialists have a credit limit", () => {
    const limited = ACCOUNT_KINDS.flatMap((kind) =>
      Object.entries(PRESETS[kind].roles)
        .filter(([, role]) => role.creditLimit)
        .map(([name]) => `${kind} ${name}`),
    );
    expect(limited).toEqual(["vendor operator", "team member", "agency specialist"]);
  });

  test("a kind of account without an access model decides nothing", () => {
    for (const kind of ["", "constructor", "__proto__", "circus"]) expect(() => presetOfKind(kind)).toThrow();
  });
});
