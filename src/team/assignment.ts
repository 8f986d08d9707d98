import type { GrantSet } from "../access/decide.ts";
import { compile, within } from "../access/grant-set.ts";
import { givable, mayGive } from "../access/invite.ts";
import { type GrantRow, isRestricted, type Preset } from "../access/preset.ts";
import type { TypeTable } from "../access/type.ts";

/** Whoever gives: their roles, what they hold, and whether the key of the call narrows it. */
export interface Giver {
  readonly roles: readonly string[];
  readonly grantSet: GrantSet;
  readonly narrowed: boolean;
}

/** What a member is to have. */
export interface Assignment {
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  readonly creditLimit: number | null;
}

export type AssignmentFault =
  | { readonly kind: "invalid"; readonly pointer: string; readonly detail: string }
  | { readonly kind: "denied"; readonly detail: string }
  | { readonly kind: "plan" };

/**
 * May the giver give this, and does it make sense? Powers first, so that nobody learns from a 422 what they may not see.
 * @param restrictedAccounts the account's plan has them
 */
export function assignmentFault(giver: Giver, wanted: Assignment, preset: Preset, types: TypeTable, restrictedAccounts: boolean): AssignmentFault | null {
  const unknown = wanted.roles.findIndex((role) => !Object.hasOwn(preset.roles, role));
  if (unknown >= 0) return { kind: "invalid", pointer: `/roles/${unknown}`, detail: `must be one of ${Object.keys(preset.roles).join(", ")}` };
  if (new Set(wanted.roles).size < wanted.roles.length) return { kind: "invalid", pointer: "/roles", detail: "names a role twice" };
  if (!mayGive(preset, giver.roles, wanted.roles)) {
    return { kind: "denied", detail: `You may give the roles ${[...givable(preset, giver.roles)].join(", ") || "of nobody"}.` };
  }
  const fault = grantFault(wanted.grants, types);
  if (fault !== null) return fault;
  if (!givesWithin(giver, wanted, preset, types)) return { kind: "denied", detail: "Nobody gives rights or grants that go further than their own." };
  if (wanted.creditLimit !== null && !wanted.roles.some((role) => preset.roles[role]?.creditLimit)) {
    return { kind: "invalid", pointer: "/creditLimit", detail: "does not go with these roles" };
  }
  return isRestricted(preset, wanted.roles) && !restrictedAccounts ? { kind: "plan" } : null;
}

/** A grant that makes no sense is refused when it is saved, not ignored when it is read. */
export function grantFault(grants: readonly GrantRow[], types: TypeTable): AssignmentFault | null {
  const seen = new Set<string>();
  for (const [index, { resourceType, resourceId }] of grants.entries()) {
    const invalid = (member: string, detail: string): AssignmentFault => ({ kind: "invalid", pointer: `/grants/${index}/${member}`, detail });
    const type = types.get(resourceType);
    if (type === undefined || type.grants === "none") {
      return invalid("resourceType", `must be one of ${Array.from(types.values()).filter((each) => each.grants !== "none").map((each) => each.name).join(", ")}`);
    }
    if (type.grants === "whole" && resourceId !== "0") return invalid("resourceId", `must be "0": a grant on ${resourceType} is always on all`);
    if (seen.has(`${resourceType} ${resourceId}`)) return invalid("resourceId", "is granted twice");
    seen.add(`${resourceType} ${resourceId}`);
  }
  return null;
}

/** Preset roles go by `mayInvite`; direct rights and grants, and everything that a narrowed key gives, by what is held. */
function givesWithin(giver: Giver, wanted: Assignment, preset: Preset, types: TypeTable): boolean {
  const source = {
    memberId: giver.grantSet.memberId, rights: wanted.rights, grants: wanted.grants, roles: giver.narrowed ? wanted.roles : [],
    objectGroupIds: [], scopes: null,
  };
  return within(compile(source, preset, types), giver.grantSet)
    && wanted.rights.every((right) => giver.grantSet.reaches.has(right as never));
}
