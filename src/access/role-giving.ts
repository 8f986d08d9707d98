import type { GrantSet } from "./decision.ts";
import { canSeeGrantTarget, isGrantSubset } from "./grant-set.ts";
import type { GrantRow, Preset } from "./preset.ts";
import type { TypeTable } from "./resource-type.ts";

/** Preset roles that a holder of `roles` may give: the union of what each role allows. */
export const givableRoles = (preset: Preset, roles: readonly string[]): ReadonlySet<string> =>
  new Set(
    roles.flatMap((role) => (Object.hasOwn(preset.roles, role) ? (preset.roles[role]?.mayInvite ?? []) : [])),
  );

/** Custom roles are no preset's: what they give is compared with what the giver holds. */
export const isCustomRole = (role: string): boolean => role.startsWith("rol_");

export const canGive = (preset: Preset, actorRoles: readonly string[], roles: readonly string[]): boolean => {
  const givable = givableRoles(preset, actorRoles);
  return roles.every((role) => isCustomRole(role) || givable.has(role));
};

/** The member who gives access, or acts on another member. */
export interface Giver {
  /** Of the giver's own account. */
  readonly preset: Preset;
  readonly roles: readonly string[];
  /** What the giver holds, within the scopes of the call's key. */
  readonly grantSet: GrantSet;
}

/** What power over a member depends on. */
export interface ManagedMember {
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  /** What the member's custom roles give. */
  readonly customGrantSet: GrantSet;
}

/**
 * An actor edits, blocks and makes keys only for members whose roles the actor could give. An actor who may
 * give no role manages only members who hold nothing beyond the actor's own rights, because a member without
 * roles may still hold rights.
 */
export const canManage = ({ preset, roles, grantSet }: Giver, target: ManagedMember): boolean =>
  canGive(preset, roles, target.roles) &&
  isGrantSubset(target.customGrantSet, grantSet) &&
  (givableRoles(preset, roles).size > 0 ||
    (target.grants.length === 0 && target.rights.every((right) => grantSet.extents.has(right as never))));

/**
 * The maker of a key for another member could use it before handing it over. So the member may hold nothing
 * beyond the maker, apart from roles that the maker could give.
 * @param grantSet by direct rights, grants and custom roles, within the member's object groups
 */
export const canMakeKey = (
  actor: Giver,
  target: ManagedMember,
  grantSet: GrantSet,
  types: TypeTable,
): boolean =>
  canManage(actor, target) &&
  isGrantSubset(grantSet, actor.grantSet) &&
  target.grants.every((grant) => canSeeGrantTarget(actor.grantSet, grant, types));
