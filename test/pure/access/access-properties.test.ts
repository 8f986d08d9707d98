import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GrantSource } from "../../../src/access/contribution.ts";
import {
  decide,
  type GrantSet,
  type ResourceRef,
  accessFilter,
  type AccessFilter,
} from "../../../src/access/decision.ts";
import {
  compileGrantSet,
  compileGrantSetBelow,
  EVERY_GROUP,
  isGrantSubset,
  rightsShownBelow,
} from "../../../src/access/grant-set.ts";
import { PRESETS } from "../../../src/access/model.ts";
import { PLATFORM_RIGHTS } from "../../../src/access/preset.ts";
import { isRight, type Right, RIGHT_NAMES, resourceTypeOf } from "../../../src/access/right.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";
import { isAllowed, isAllowedBelow, type PolicyObject } from "../../harness/policy.ts";
import { MODEL_RIGHTS } from "../../harness/policy-rights.ts";
import { ROLES } from "../../harness/policy-table.ts";
import {
  allowedKeys,
  HANDWRITTEN_TYPES,
  arbitraryCustomRole,
  arbitraryGrant,
  holderOf,
  KINDS,
  grantSetOf,
  presetOf,
  arbitraryRef,
  arbitraryRefs,
  arbitraryRight,
  arbitrarySource,
  TYPES,
  arbitraryFixture,
  arbitraryFixtureOf,
} from "./access-fixture.ts";

/** Names that an object has without having them of its own. */
const TRAPS = ["constructor", "__proto__", "toString", "hasOwnProperty", "ghost", ""];

const RUNS = { numRuns: 500 };

describe("for all rights, roles and grants of a member", () => {
  test("S0.18 a grant, a right, a role never takes away", () =>
    fc.assert(
      fc.property(
        arbitraryFixture,
        arbitraryGrant,
        arbitraryRight,
        arbitraryCustomRole("agency"),
        arbitraryRefs,
        ({ source: given, ...at }, more, name, custom, objects) => {
          const before = allowedKeys(grantSetOf(at, given), objects);
          const after = [
            { ...given, grants: [...given.grants, more] },
            { ...given, rights: [...given.rights, name] },
            ...Object.keys(ROLES[at.kind]).map((one) => ({ ...given, roles: [...given.roles, one] })),
            { ...given, customRoles: [...given.customRoles, custom] },
            { ...given, objectGroupIds: [...given.objectGroupIds, "g2"] },
          ];
          for (const wider of after)
            expect(before.isSubsetOf(allowedKeys(grantSetOf(at, wider), objects))).toBe(true);
        },
      ),
      RUNS,
    ));

  test("S0.18 revoking is final: without a row a member is as if it had never been there", () =>
    fc.assert(
      fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, objects) => {
        const bare: GrantSource = { ...given, roles: [], customRoles: [], rights: [], grants: [] };
        expect([...allowedKeys(grantSetOf(at, bare), objects)]).toEqual([]);
        // What is left decides, and nothing of what was taken: each rest is within the whole.
        const whole = allowedKeys(grantSetOf(at, given), objects);
        const rests: GrantSource[] = [
          ...given.grants.map((one) => ({ ...given, grants: given.grants.filter((other) => other !== one) })),
          ...given.rights.map((one) => ({ ...given, rights: given.rights.filter((other) => other !== one) })),
          ...given.roles.map((one) => ({ ...given, roles: given.roles.filter((other) => other !== one) })),
          ...given.customRoles.map((one) => ({
            ...given,
            customRoles: given.customRoles.filter((other) => other !== one),
          })),
        ];
        for (const rest of rests)
          expect(allowedKeys(grantSetOf(at, rest), objects).isSubsetOf(whole)).toBe(true);
      }),
      RUNS,
    ));

  test("a custom role gives what its rights and grants would give by themselves", () =>
    fc.assert(
      fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, objects) => {
        const flat = {
          ...given,
          customRoles: [],
          rights: [...given.rights, ...given.customRoles.flatMap((role) => role.rights)],
          grants: [...given.grants, ...given.customRoles.flatMap((role) => role.grants)],
        };
        expect(allowedKeys(grantSetOf(at, given), objects)).toEqual(
          allowedKeys(grantSetOf(at, flat), objects),
        );
      }),
      RUNS,
    ));

  test("narrowing a key by scopes never adds, and leaves exactly what is named", () =>
    fc.assert(
      fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, objects) => {
        const whole = allowedKeys(grantSetOf(at, { ...given, scopes: null }), objects);
        const narrow = allowedKeys(grantSetOf(at, given), objects);
        const named = new Set(
          [...whole].filter(
            (one) => given.scopes === null || given.scopes.includes(one.slice(0, one.indexOf(" "))),
          ),
        );
        expect(narrow).toEqual(named);
      }),
      RUNS,
    ));

  test("an unknown role, right, type or level gives nothing, for any name", () =>
    fc.assert(
      fc.property(
        arbitraryFixture,
        fc.constantFrom(...TRAPS),
        fc.constantFrom(...TRAPS),
        arbitraryRefs,
        ({ source: given, ...at }, trap, level, objects) => {
          const strange: GrantSource = {
            ...given,
            roles: [...given.roles, trap],
            rights: [...given.rights, trap, `${trap}.view`, `product.${trap}`],
            grants: [
              ...given.grants,
              { resourceType: trap, resourceId: "0", access: "owner" },
              { resourceType: "product", resourceId: "0", access: level as "view" },
            ],
          };
          expect(allowedKeys(grantSetOf(at, strange), objects)).toEqual(
            allowedKeys(grantSetOf(at, given), objects),
          );
        },
      ),
      RUNS,
    ));

  test("S0.19 derived rights go with their source: without grants on products there are none of them", () =>
    fc.assert(
      fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, objects) => {
        const bare = {
          ...given,
          roles: [],
          customRoles: [],
          rights: [],
          grants: given.grants.filter((one) => one.resourceType !== "product"),
        };
        const left = [...allowedKeys(grantSetOf(at, bare), objects)].map((one) =>
          resourceTypeOf(one.slice(0, one.indexOf(" ")) as Right),
        );
        expect(
          left.filter((type) => ["product", "license_key", "machine_code", "data_object"].includes(type)),
        ).toEqual([]);
      }),
      RUNS,
    ));

  test("rights of the platform reach no tenant, for all rows of it", () =>
    fc.assert(
      fc.property(arbitraryFixture, ({ source: given, ...at }) => {
        const set = grantSetOf(at, { ...given, rights: [...given.rights, ...PLATFORM_RIGHTS], scopes: null });
        expect(PLATFORM_RIGHTS.filter((name) => decide(set, name).allowed)).toEqual([]);
      }),
      RUNS,
    ));

  test("the order in which things were given does not matter, nor does giving them twice", () =>
    fc.assert(
      fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, objects) => {
        const { roles, rights, grants } = given;
        const shuffled = {
          ...given,
          roles: [...roles, ...roles].reverse(),
          rights: [...rights, ...rights].reverse(),
          grants: [...grants, ...grants].reverse(),
        };
        expect(allowedKeys(grantSetOf(at, shuffled), objects)).toEqual(
          allowedKeys(grantSetOf(at, given), objects),
        );
      }),
      RUNS,
    ));
});

/** `visible` read as a condition over rows, by hand. */
function shows(seen: AccessFilter, row: ResourceRef): boolean {
  if (seen.kind === "none") return false;
  const { reach, memberId, groups } = seen;
  if (groups !== null && (row.groupId === null || !groups.has(row.groupId))) return false;
  if (reach.all || (reach.own && row.ownerId === memberId) || (reach.active && row.status === "active"))
    return true;
  if (
    reach.inside !== null &&
    row.rootId !== null &&
    reach.inside.under.has(row.rootId) &&
    (row.ownerId === memberId || reach.inside.ids.has(row.id))
  )
    return true;
  return reach.ids.has(row.id) || (row.rootId !== null && reach.roots.has(row.rootId));
}

test("a list shows exactly the rows that decide allows", () =>
  fc.assert(
    fc.property(arbitraryFixture, arbitraryRefs, ({ source: given, ...at }, rows) => {
      const set = grantSetOf(at, given);
      const differing = RIGHT_NAMES.filter((name) =>
        rows.some((row) => shows(accessFilter(set, name), row) !== decide(set, name, row).allowed),
      );
      expect(differing).toEqual([]);
    }),
    RUNS,
  ));

const verbOf = (name: Right): string => name.slice(name.indexOf(".") + 1);
const thing = (type: string, { id, rootId, ownerId, groupId, status }: ResourceRef): PolicyObject => ({
  type,
  id,
  rootId,
  ownerId: ownerId ?? "",
  groupId,
  status,
});

describe("S0.18 compiled rights are those of the policy as it was written by hand", () => {
  test.each(KINDS)("%s", (kind) =>
    fc.assert(
      fc.property(arbitraryFixtureOf([kind]), arbitraryRefs, (given, objects) => {
        const set = grantSetOf(given, given.source);
        const holder = holderOf(given);
        const differing = RIGHT_NAMES.filter((name) => {
          const [type, verb] = [resourceTypeOf(name), verbOf(name)];
          return (
            decide(set, name).allowed !== isAllowed(holder, verb, type) ||
            objects.some(
              (object) =>
                decide(set, name, object).allowed !== isAllowed(holder, verb, type, thing(type, object)),
            )
          );
        });
        expect(differing).toEqual([]);
      }),
      { numRuns: 400 },
    ),
  );

  test.each(["distributor", "seller", "dealer"] as const)("S2.8 %s, in an account below", (kind) =>
    fc.assert(
      fc.property(arbitraryFixtureOf([kind]), arbitraryRefs, (given, objects) => {
        const set = compileGrantSetBelow(
          grantSetOf(given, given.source),
          presetOf(given.kind, given.switches),
          given.source.scopes,
        );
        const holder = holderOf(given);
        const differing = RIGHT_NAMES.filter((name) =>
          objects.some(
            (object) =>
              decide(set, name, object).allowed !==
              isAllowedBelow(holder, verbOf(name), resourceTypeOf(name), thing(resourceTypeOf(name), object)),
          ),
        );
        expect(differing).toEqual([]);
      }),
      { numRuns: 400 },
    ),
  );

  test.each(KINDS)("%s knows the rights that were agreed on, and its roles are those", (kind) => {
    expect([...PRESETS[kind].rights].sort()).toEqual([...MODEL_RIGHTS[kind]].sort());
    expect(Object.keys(PRESETS[kind].roles).sort()).toEqual(Object.keys(ROLES[kind]).sort());
  });

  test("the registered types go by grants, roots and groups as they were written", () => {
    const of = (
      table: ReadonlyMap<
        string,
        { readonly grants: string; readonly isGrouped: boolean; readonly rootType?: string }
      >,
    ) =>
      [...HANDWRITTEN_TYPES.keys()]
        .filter((name) => TYPE_TABLE.has(name))
        .map((name) => [
          name,
          table.get(name)?.grants,
          table.get(name)?.isGrouped,
          table.get(name)?.rootType,
        ]);
    expect(of(TYPE_TABLE)).toEqual(of(HANDWRITTEN_TYPES));
    expect(
      [...TYPES.values()]
        .filter(({ isGrouped }) => isGrouped)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["key", "object", "request", "sos_license"]);
  });
});

describe("S2.8 acting in an account below", () => {
  test("gives nothing that the member does not hold at home, and no object of theirs", () =>
    fc.assert(
      fc.property(
        arbitraryFixtureOf(["distributor", "seller", "dealer"]),
        arbitraryRef,
        ({ source: given, ...at }, object) => {
          const home = grantSetOf(at, { ...given, objectGroupIds: [EVERY_GROUP] });
          const { tree } = presetOf(at.kind, at.switches);
          const below = compileGrantSetBelow(home, presetOf(at.kind, at.switches), given.scopes);
          // But for what the right that leads there shows by itself.
          const shown =
            tree !== null && decide(home, tree.reachingRight).allowed
              ? rightsShownBelow(tree, given.scopes)
              : [];
          for (const name of RIGHT_NAMES)
            if (!shown.includes(name) && decide(below, name, object).allowed)
              expect(decide(home, name, object).allowed, name).toBe(true);
          const byIds = RIGHT_NAMES.filter(
            (name) =>
              name !== presetOf(at.kind, at.switches).tree?.reachingRight &&
              [below.extents.get(name)].some((one) => one !== undefined && !one.all),
          );
          expect(byIds).toEqual([]);
        },
      ),
      RUNS,
    ));
  test.each(["vendor", "team", "customer_org", "subdealer", "agency"] as const)(
    "there is none for members of a %s",
    (kind) =>
      fc.assert(
        fc.property(arbitraryFixtureOf([kind]), ({ source: given, ...at }) => {
          expect(
            compileGrantSetBelow(grantSetOf(at, given), presetOf(at.kind, at.switches)).extents.size,
          ).toBe(0);
        }),
        { numRuns: 100 },
      ),
  );
});

describe("within: no member gives more than they hold", () => {
  const pair = fc.constantFrom(...KINDS).chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      switches: fc.constant([]),
      inner: arbitrarySource(kind),
      outer: arbitrarySource(kind),
    }),
  );

  test("a set within another allows nothing that the other does not", () =>
    fc.assert(
      fc.property(pair, arbitraryRefs, ({ inner, outer, ...at }, objects) => {
        const [small, large] = [grantSetOf(at, inner), grantSetOf(at, outer)];
        fc.pre(isGrantSubset(small, large));
        expect(allowedKeys(small, objects).isSubsetOf(allowedKeys(large, objects))).toBe(true);
      }),
      { numRuns: 300, maxSkipsPerRun: 1_000 },
    ));

  test("S0.18 and so for sets that no rows of today would give", () => {
    const some = (ids: string[]) => fc.subarray(ids).map((list): ReadonlySet<string> => new Set(list));
    const inside = fc.option(fc.record({ ids: some(["n", "m"]), under: some(["n", "m"]) }), { freq: 2 });
    const reach = fc.record({
      all: fc.boolean(),
      own: fc.boolean(),
      active: fc.boolean(),
      ids: some(["n", "m"]),
      roots: some(["n", "m"]),
      inside,
    });
    const any = (memberId: string) =>
      fc.record({
        memberId: fc.constant(memberId),
        groups: fc.option(some(["g1", "g2"])),
        groupedTypes: fc.constant(new Set(["product"])),
        extents: fc
          .dictionary(fc.constantFrom("product.view", "customer.view"), reach, { minKeys: 1 })
          .map((table) => new Map(Object.entries(table)) as GrantSet["extents"]),
      });
    fc.assert(
      fc.property(any("mem_1"), any("mem_2"), arbitraryRefs, (small, large, objects) => {
        fc.pre(isGrantSubset(small, large));
        expect(allowedKeys(small, objects).isSubsetOf(allowedKeys(large, objects))).toBe(true);
      }),
      { numRuns: 1_000, maxSkipsPerRun: 1_000 },
    );
  });

  test("rights that one holds without a scope of one's own may be given on", () =>
    fc.assert(
      fc.property(arbitraryFixture, ({ source: given, ...at }) => {
        const set = grantSetOf(at, given);
        const own = [...set.extents.values()].some((one) => (one.own || one.inside !== null) && !one.all);
        expect(isGrantSubset(set, set)).toBe(!own);
        expect(
          isGrantSubset(
            grantSetOf(at, {
              ...given,
              roles: [],
              customRoles: [],
              rights: [],
              grants: [],
              objectGroupIds: [],
            }),
            set,
          ),
        ).toBe(true);
      }),
      RUNS,
    ));

  const NOBODY: GrantSource = {
    memberId: "mem_1",
    accountId: "acc_1",
    roles: [],
    customRoles: [],
    rights: [],
    grants: [],
    objectGroupIds: [],
    scopes: null,
  };

  test("of what differs in one right or one object, the larger is not within the smaller", () => {
    const of = (more: Partial<GrantSource>) =>
      compileGrantSet({ ...NOBODY, objectGroupIds: [EVERY_GROUP], ...more }, PRESETS.vendor, TYPES);
    const product = (resourceId: string, access: "view" | "edit" | "owner") =>
      of({ grants: [{ resourceType: "product", resourceId, access }] });
    expect(isGrantSubset(product("n", "view"), product("0", "view"))).toBe(true);
    expect(isGrantSubset(product("0", "view"), product("n", "view"))).toBe(false);
    expect(isGrantSubset(product("n", "edit"), product("n", "view"))).toBe(false);
    expect(isGrantSubset(product("n", "view"), product("m", "owner"))).toBe(false);
    expect(isGrantSubset(of({ rights: ["license_key.delete"] }), product("0", "owner"))).toBe(false);
    expect(isGrantSubset(of({ objectGroupIds: [EVERY_GROUP] }), of({ objectGroupIds: ["g1"] }))).toBe(false);
    expect(isGrantSubset(of({ objectGroupIds: ["g1"] }), of({ objectGroupIds: ["g1", "g2"] }))).toBe(true);
  });

  test('another\'s "own" is not mine to give', () => {
    const member = (memberId: string) =>
      compileGrantSet({ ...NOBODY, memberId, roles: ["member"] }, PRESETS.team, TYPE_TABLE);
    const viewer = compileGrantSet(
      { ...NOBODY, memberId: "mem_3", roles: ["viewer"] },
      PRESETS.team,
      TYPE_TABLE,
    );
    expect(isGrantSubset(member("mem_2"), member("mem_1"))).toBe(false);
    expect(isGrantSubset(viewer, viewer)).toBe(true);
    expect(isGrantSubset(viewer, member("mem_1"))).toBe(false);
  });
});

test("the words of the rights are all there is: no other text is one", () =>
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...TRAPS)), (text) => {
      expect(isRight(text)).toBe((RIGHT_NAMES as readonly string[]).includes(text));
    }),
    RUNS,
  ));
