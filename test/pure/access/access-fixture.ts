import fc from "fast-check";
import type { CustomRole, GrantSource } from "../../../src/access/contribution.ts";
import { decide, type GrantSet, type ResourceRef } from "../../../src/access/decision.ts";
import { compileGrantSet, EVERY_GROUP } from "../../../src/access/grant-set.ts";
import { presetWithSwitches } from "../../../src/access/model.ts";
import type { GrantRow, Preset } from "../../../src/access/preset.ts";
import { RIGHT_NAMES } from "../../../src/access/right.ts";
import type { TypeAccess } from "../../../src/access/resource-type.ts";
import { LEVELS, NO_LEVELS } from "../../../src/resources/types/declaration.ts";
import { TYPE_TABLE } from "../../../src/resources/registry.ts";
import type { PolicyMember } from "../../harness/policy.ts";
import type { AccountKind } from "../../harness/policy-rights.ts";
import { ROLES } from "../../harness/policy-table.ts";

const typeAccess = (name: string, more: Partial<TypeAccess> = {}): [string, TypeAccess] => [
  name,
  { name, grants: "none", levels: LEVELS, derives: {}, isGrouped: false, ...more },
];

/** Types whose access is more than rights, as the policy has them: grants that only reach, roots, groups. */
export const HANDWRITTEN_TYPES: ReadonlyMap<string, TypeAccess> = new Map([
  typeAccess("organization", { grants: "reach", levels: NO_LEVELS }),
  typeAccess("tool", { grants: "reach", levels: NO_LEVELS }),
  typeAccess("task", { grants: "reach", levels: NO_LEVELS, rootType: "tool" }),
  typeAccess("object", { isGrouped: true }),
  typeAccess("key", { isGrouped: true }),
  typeAccess("request", { isGrouped: true }),
  typeAccess("sos_license", { isGrouped: true }),
]);

/** The registered types, and the ones above in place of those of the same name. */
export const TYPES = new Map([...TYPE_TABLE, ...HANDWRITTEN_TYPES]);

export const KINDS: readonly AccountKind[] = [
  "vendor",
  "team",
  "distributor",
  "seller",
  "customer_org",
  "dealer",
  "subdealer",
  "agency",
];
const SWITCHES = [
  "inviteOnlyAdmins",
  "customersMayInviteBillingAdmin",
  "billingAdminVisibleToCustomer",
] as const;
export type Switch = (typeof SWITCHES)[number];

/** A member of an account of that kind, whose switches are set so. */
export interface AccessFixture {
  readonly kind: AccountKind;
  readonly switches: readonly Switch[];
  readonly source: GrantSource;
}

export const HOME = "acc_1";
const IDS = ["0", "n", "m", "k"];
export const arbitraryRight = fc.constantFrom<string>(...RIGHT_NAMES);
export const arbitraryGrant = fc.record({
  resourceType: fc.constantFrom(
    "product",
    "product",
    "customer",
    "analytics",
    "billing",
    "license_key",
    "access_token",
    "invoice",
    "organization",
    "tool",
    "tool",
    "task",
    "task",
    "theme",
    "object",
  ),
  resourceId: fc.constantFrom(...IDS),
  access: fc.constantFrom("view", "edit", "owner"),
}) as fc.Arbitrary<GrantRow>;
const arbitraryGroup = fc.constantFrom("g1", "g2", EVERY_GROUP);

/** Rights that the model may know, drawn more often than any. */
const likelyRight = (kind: AccountKind) =>
  fc.oneof(arbitraryRight, fc.constantFrom(...presetOf(kind, SWITCHES).rights));
export const arbitraryCustomRole = (kind: AccountKind): fc.Arbitrary<CustomRole> =>
  fc.record({
    key: fc.constantFrom("rol_1", "rol_2"),
    rights: fc.array(likelyRight(kind), { maxLength: 3 }),
    grants: fc.array(arbitraryGrant, { maxLength: 2 }),
  });

export const arbitrarySource = (kind: AccountKind): fc.Arbitrary<GrantSource> =>
  fc.record({
    memberId: fc.constantFrom("mem_1", "mem_2"),
    accountId: fc.constant(HOME),
    roles: fc.array(fc.constantFrom(...Object.keys(ROLES[kind])), { maxLength: 2 }),
    customRoles: fc.array(arbitraryCustomRole(kind), { maxLength: 2 }),
    rights: fc.array(likelyRight(kind), { maxLength: 4 }),
    grants: fc.array(arbitraryGrant, { maxLength: 5 }),
    objectGroupIds: fc.array(arbitraryGroup, { maxLength: 2 }),
    scopes: fc.option(fc.array(likelyRight(kind), { maxLength: 12 }), { freq: 3 }),
  }) as fc.Arbitrary<GrantSource>;

export const arbitraryFixtureOf = (kinds: readonly AccountKind[]): fc.Arbitrary<AccessFixture> =>
  fc
    .tuple(fc.constantFrom(...kinds), fc.subarray([...SWITCHES]))
    .chain(([kind, switches]) => arbitrarySource(kind).map((one) => ({ kind, switches, source: one })));
export const arbitraryFixture = arbitraryFixtureOf(KINDS);

export const arbitraryRef: fc.Arbitrary<ResourceRef> = fc.record({
  id: fc.constantFrom("", "n", "m", "k", HOME),
  rootId: fc.constantFrom(null, "n", "m"),
  ownerId: fc.constantFrom(null, "mem_1", "mem_2"),
  groupId: fc.constantFrom(null, "g1", "g2"),
  status: fc.constantFrom("active", "revoked"),
});
/** Every right on each of a few objects, and without one. */
export const arbitraryRefs = fc.array(arbitraryRef, { minLength: 6, maxLength: 6 });

export const presetOf = (kind: AccountKind, switches: readonly Switch[]): Preset =>
  presetWithSwitches(
    kind,
    Object.fromEntries(SWITCHES.map((name) => [name, switches.includes(name)])) as Record<Switch, boolean>,
  );

export const grantSetOf = ({ kind, switches }: Omit<AccessFixture, "source">, from: GrantSource): GrantSet =>
  compileGrantSet(from, presetOf(kind, switches), TYPES);

export const holderOf = ({ kind, switches, source: from }: AccessFixture): PolicyMember => ({
  ...from,
  kind,
  switches,
});

/** What is allowed: each right with the place of its object among them; 0 is without one. */
export const allowedKeys = (set: GrantSet, objects: readonly ResourceRef[]): Set<string> =>
  new Set(
    RIGHT_NAMES.flatMap((name) =>
      [undefined, ...objects].flatMap((object, index) =>
        decide(set, name, object).allowed ? [`${name} ${index}`] : [],
      ),
    ),
  );
