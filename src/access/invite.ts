import type { Preset } from "./preset.ts";

/** Roles that whoever holds `roles` may give: the union of what each of them may. */
export const givable = (preset: Preset, roles: readonly string[]): ReadonlySet<string> =>
  new Set(roles.flatMap((role) => (Object.hasOwn(preset.roles, role) ? preset.roles[role]?.mayInvite ?? [] : [])));

/** Nobody edits, blocks or makes keys for a member who has a role that they could not give. */
export const mayManage = (preset: Preset, actorRoles: readonly string[], targetRoles: readonly string[]): boolean => {
  const may = givable(preset, actorRoles);
  return targetRoles.every((role) => may.has(role));
};
