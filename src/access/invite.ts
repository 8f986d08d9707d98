import type { Preset } from "./preset.ts";

/** Roles that whoever holds `roles` may give: the union of what each of them may. */
export const givable = (preset: Preset, roles: readonly string[]): ReadonlySet<string> =>
  new Set(roles.flatMap((role) => (Object.hasOwn(preset.roles, role) ? preset.roles[role]?.mayInvite ?? [] : [])));

export const mayGive = (preset: Preset, actorRoles: readonly string[], roles: readonly string[]): boolean => {
  const may = givable(preset, actorRoles);
  return roles.every((role) => may.has(role));
};

/** What power over a member depends on. */
export interface Target {
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly unknown[];
}

/**
 * Nobody edits, blocks or makes keys for a member who has a role that they could not give. Whoever may give no role at
 * all manages only members who hold nothing beyond their own rights: a member without roles may hold rights all the same.
 */
export const mayManage = (preset: Preset, actor: { readonly roles: readonly string[]; holds(right: string): boolean }, target: Target): boolean =>
  mayGive(preset, actor.roles, target.roles)
  && (givable(preset, actor.roles).size > 0 || (target.grants.length === 0 && target.rights.every((right) => actor.holds(right))));
