import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type GrantSet, type ResourceRef, visible, type Visible } from "../../src/access/decide.ts";
import { compile, EVERY_GROUP, type GrantSource, within } from "../../src/access/grant-set.ts";
import { PRESETS } from "../../src/access/model.ts";
import { type GrantRow, PLATFORM_RIGHTS } from "../../src/access/preset.ts";
import { isRight, type Right, RIGHT_NAMES, typeOf } from "../../src/access/right.ts";
import { TYPE_TABLE } from "../../src/resources/registry.ts";
import { may } from "../harness/policy.ts";

/** Names that an object has without having them of its own. */
const TRAPS = ["constructor", "__proto__", "toString", "hasOwnProperty", "ghost", ""];
const IDS = ["0", "n", "m", "k"];
const KINDS = ["vendor", "team"] as const;
type Kind = (typeof KINDS)[number];

/** The types as they are, and with some of them kept in groups. */
const GROUPED = new Map([...TYPE_TABLE].map(([name, type]) => [name, { ...type, grouped: ["product", "customer", "license_key"].includes(name) }]));

const role = (kind: Kind) => fc.constantFrom(...Object.keys(PRESETS[kind].roles));
const right = fc.constantFrom<string>(...RIGHT_NAMES);
const grant = fc.record({
  resourceType: fc.constantFrom("product", "product", "customer", "analytics", "billing", "license_key", "access_token", "invoice"),
  resourceId: fc.constantFrom(...IDS), access: fc.constantFrom("view", "edit", "owner"),
}) as fc.Arbitrary<GrantRow>;
const group = fc.constantFrom("g1", "g2", EVERY_GROUP);

const source = (kind: Kind): fc.Arbitrary<GrantSource> => fc.record({
  memberId: fc.constantFrom("mem_1", "mem_2"), roles: fc.array(role(kind), { maxLength: 2 }), rights: fc.array(right, { maxLength: 4 }),
  grants: fc.array(grant, { maxLength: 4 }), objectGroupIds: fc.array(group, { maxLength: 2 }),
  scopes: fc.option(fc.array(right, { maxLength: 12 }), { freq: 3 }),
});
const world = fc.constantFrom(...KINDS).chain((kind) => source(kind).map((one) => ({ kind, source: one })));

const ref: fc.Arbitrary<ResourceRef> = fc.record({
  id: fc.constantFrom("", "n", "m", "k"), rootId: fc.constantFrom(null, "n", "m"), ownerId: fc.constantFrom(null, "mem_1", "mem_2"),
  groupId: fc.constantFrom(null, "g1", "g2"), status: fc.constantFrom("active", "revoked"),
});
/** Every right on each of a few objects, and without one. */
const refs = fc.array(ref, { minLength: 6, maxLength: 6 });

const make = (kind: Kind, from: GrantSource): GrantSet => compile(from, PRESETS[kind], GROUPED);
const allowed = (set: GrantSet, objects: readonly ResourceRef[]): Set<string> => new Set(RIGHT_NAMES.flatMap((name) =>
  [undefined, ...objects].flatMap((object, index) => (decide(set, name, object).allowed ? [`${name} ${index}`] : []))));

const RUNS = { numRuns: 500 };

describe("for whatever a member was given", () => {
  test("S0.18 a grant, a right, a role never takes away", () => fc.assert(fc.property(world, grant, right, refs, ({ kind, source: given }, more, name, objects) => {
    const before = allowed(make(kind, given), objects);
    const after = [
      { ...given, grants: [...given.grants, more] }, { ...given, rights: [...given.rights, name] },
      ...Object.keys(PRESETS[kind].roles).map((one) => ({ ...given, roles: [...given.roles, one] })),
      { ...given, objectGroupIds: [...given.objectGroupIds, "g2"] },
    ];
    for (const wider of after) expect(before.isSubsetOf(allowed(make(kind, wider), objects))).toBe(true);
  }), RUNS));

  test("narrowing a key by scopes never adds, and leaves exactly what is named", () => fc.assert(fc.property(world, refs, ({ kind, source: given }, objects) => {
    const whole = allowed(make(kind, { ...given, scopes: null }), objects);
    const narrow = allowed(make(kind, given), objects);
    const named = new Set([...whole].filter((one) => given.scopes === null || given.scopes.includes(one.slice(0, one.indexOf(" ")))));
    expect(narrow).toEqual(named);
  }), RUNS));

  test("a role, right, type or level that nobody knows gives nothing, whatever it is called", () => fc.assert(fc.property(
    world, fc.constantFrom(...TRAPS), fc.constantFrom(...TRAPS), refs, ({ kind, source: given }, trap, level, objects) => {
      const strange: GrantSource = {
        ...given, roles: [...given.roles, trap], rights: [...given.rights, trap, `${trap}.view`, `product.${trap}`],
        grants: [...given.grants, { resourceType: trap, resourceId: "0", access: "owner" }, { resourceType: "product", resourceId: "0", access: level as "view" }],
      };
      expect(allowed(make(kind, strange), objects)).toEqual(allowed(make(kind, given), objects));
    }), RUNS));

  test("S0.19 derived rights go with their source: without grants on products there are none of them", () => fc.assert(fc.property(world, refs, ({ kind, source: given }, objects) => {
    const bare = { ...given, roles: [], rights: [], grants: given.grants.filter((one) => one.resourceType !== "product") };
    const left = [...allowed(make(kind, bare), objects)].map((one) => typeOf(one.slice(0, one.indexOf(" ")) as Right));
    expect(left.filter((type) => ["product", "license_key", "machine_code", "data_object"].includes(type))).toEqual([]);
  }), RUNS));

  test("rights of the platform reach no tenant, whatever its rows say", () => fc.assert(fc.property(world, ({ kind, source: given }) => {
    const set = make(kind, { ...given, rights: [...given.rights, ...PLATFORM_RIGHTS], scopes: null });
    expect(PLATFORM_RIGHTS.filter((name) => decide(set, name).allowed)).toEqual([]);
  }), RUNS));

  test("the order in which things were given does not matter, nor does giving them twice", () => fc.assert(fc.property(world, refs, ({ kind, source: given }, objects) => {
    const { roles, rights, grants } = given;
    const shuffled = { ...given, roles: [...roles, ...roles].reverse(), rights: [...rights, ...rights].reverse(), grants: [...grants, ...grants].reverse() };
    expect(allowed(make(kind, shuffled), objects)).toEqual(allowed(make(kind, given), objects));
  }), RUNS));
});

/** `visible` read as a condition over rows, by hand. */
function shows(seen: Visible, row: ResourceRef): boolean {
  if (seen.kind === "none") return false;
  const { reach, memberId, groups } = seen;
  if (groups !== null && (row.groupId === null || !groups.has(row.groupId))) return false;
  if (reach.all || (reach.own && row.ownerId === memberId) || (reach.active && row.status === "active")) return true;
  return reach.ids.has(row.id) || (row.rootId !== null && reach.roots.has(row.rootId));
}

test("a list shows exactly the rows that decide allows", () => fc.assert(fc.property(world, refs, ({ kind, source: given }, rows) => {
  const set = make(kind, given);
  const differing = RIGHT_NAMES.filter((name) => rows.some((row) => shows(visible(set, name), row) !== decide(set, name, row).allowed));
  expect(differing).toEqual([]);
}), RUNS));

test("S0.18 compiled rights are those of the policy as it was written by hand", () => fc.assert(fc.property(world, refs, ({ kind, source: given }, objects) => {
  const set = compile(given, PRESETS[kind], TYPE_TABLE);
  const holder = { kind, ...given };
  const differing = RIGHT_NAMES.filter((name) => {
    const [type, verb] = [typeOf(name), name.slice(name.indexOf(".") + 1)];
    return decide(set, name).allowed !== may(holder, verb, type) || objects.some(({ id, rootId, ownerId, status }) =>
      decide(set, name, { id, rootId, ownerId, status, groupId: null }).allowed
        !== may(holder, verb, type, { type, id, productId: rootId, ownerId: ownerId ?? "", status }));
  });
  expect(differing).toEqual([]);
}), { numRuns: 1_000 }));

describe("within: nobody gives more than they hold", () => {
  const pair = fc.constantFrom(...KINDS).chain((kind) => fc.record({ kind: fc.constant(kind), inner: source(kind), outer: source(kind) }));

  test("whatever is within, decides nothing that the other does not", () => fc.assert(fc.property(pair, refs, ({ kind, inner, outer }, objects) => {
    const [small, large] = [make(kind, inner), make(kind, outer)];
    fc.pre(within(small, large));
    expect(allowed(small, objects).isSubsetOf(allowed(large, objects))).toBe(true);
  }), { numRuns: 300, maxSkipsPerRun: 1_000 }));

  test("S0.18 and so for sets that no rows of today would give", () => {
    const some = (ids: string[]) => fc.subarray(ids).map((list): ReadonlySet<string> => new Set(list));
    const reach = fc.record({ all: fc.boolean(), own: fc.boolean(), active: fc.boolean(), ids: some(["n", "m"]), roots: some(["n", "m"]) });
    const any = (memberId: string) => fc.record({
      memberId: fc.constant(memberId), groups: fc.option(some(["g1", "g2"])), groupedTypes: fc.constant(new Set(["product"])),
      reaches: fc.dictionary(fc.constantFrom("product.view", "customer.view"), reach, { minKeys: 1 }).map((table) => new Map(Object.entries(table)) as GrantSet["reaches"]),
    });
    fc.assert(fc.property(any("mem_1"), any("mem_2"), refs, (small, large, objects) => {
      fc.pre(within(small, large));
      expect(allowed(small, objects).isSubsetOf(allowed(large, objects))).toBe(true);
    }), { numRuns: 1_000, maxSkipsPerRun: 1_000 });
  });

  test("it is not so careful as to refuse everything: what is held without a scope of one's own may be given on", () => fc.assert(fc.property(world, ({ kind, source: given }) => {
    const set = make(kind, given);
    const own = [...set.reaches.values()].some((one) => one.own && !one.all);
    expect(within(set, set)).toBe(!own);
    expect(within(make(kind, { ...given, roles: [], rights: [], grants: [], objectGroupIds: [] }), set)).toBe(true);
  }), RUNS));

  test("of what differs in one right or one object, the larger is not within the smaller", () => {
    const of = (more: Partial<GrantSource>) => make("vendor", { memberId: "mem_1", roles: [], rights: [], grants: [], objectGroupIds: [EVERY_GROUP], scopes: null, ...more });
    const product = (resourceId: string, access: "view" | "edit" | "owner") => of({ grants: [{ resourceType: "product", resourceId, access }] });
    expect(within(product("n", "view"), product("0", "view"))).toBe(true);
    expect(within(product("0", "view"), product("n", "view"))).toBe(false);
    expect(within(product("n", "edit"), product("n", "view"))).toBe(false);
    expect(within(product("n", "view"), product("m", "owner"))).toBe(false);
    expect(within(of({ rights: ["license_key.delete"] }), product("0", "owner"))).toBe(false);
    expect(within(of({ objectGroupIds: [EVERY_GROUP] }), of({ objectGroupIds: ["g1"] }))).toBe(false);
    expect(within(of({ objectGroupIds: ["g1"] }), of({ objectGroupIds: ["g1", "g2"] }))).toBe(true);
  });

  test("another's \"own\" is not mine to give", () => {
    const member = (memberId: string) => compile({ memberId, roles: ["member"], rights: [], grants: [], objectGroupIds: [], scopes: null }, PRESETS.team, TYPE_TABLE);
    const viewer = compile({ memberId: "mem_3", roles: ["viewer"], rights: [], grants: [], objectGroupIds: [], scopes: null }, PRESETS.team, TYPE_TABLE);
    expect(within(member("mem_2"), member("mem_1"))).toBe(false);
    expect(within(viewer, viewer)).toBe(true);
    expect(within(viewer, member("mem_1"))).toBe(false);
  });
});

test("the words of the rights are all there is: no other text is one", () => fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom(...TRAPS)), (text) => {
  expect(isRight(text)).toBe((RIGHT_NAMES as readonly string[]).includes(text));
}), RUNS));
