import type { CustomRole } from "./contribution.ts";
import { compileGrantSet, canSeeGrantTarget, isGrantSubset } from "./grant-set.ts";
import { isGrantable } from "./grant-table.ts";
import { canGive, type Giver, givableRoles, isCustomRole } from "./role-giving.ts";
import type { GrantRow, Preset } from "./preset.ts";
import type { Right } from "./right.ts";
import type { TypeTable } from "./resource-type.ts";
import { message, type Message } from "../kernel/messages/message.ts";

/** What a member has, or is to have. */
export interface AssignedAccess {
  readonly roles: readonly string[];
  /** Those of `roles` that the account made for itself, as far as they are there. */
  readonly customRoles: readonly CustomRole[];
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
}

export interface Assignment extends AssignedAccess {
  readonly creditLimit: number | null;
}

export type AssignmentFault =
  | { readonly kind: "invalid"; readonly pointer: `/${string}`; readonly detail: Message }
  | { readonly kind: "denied"; readonly detail: Message }
  /** A setting of the account is against it. */
  | { readonly kind: "setting"; readonly setting: string; readonly detail: Message }
  | { readonly kind: "plan" };

/**
 * May the giver give this, and does it make sense? The giver's rights are checked first, so that no caller
 * learns from a 422 what they may not see.
 * @param giver null: nothing is given that the member does not have, so only the consistency is checked
 * @param preset of the account that the member belongs to
 */
export function findAssignmentFault(
  giver: Giver | null,
  assignment: Assignment,
  accountId: string,
  preset: Preset,
  types: TypeTable,
): AssignmentFault | null {
  const isKnown = (role: string) =>
    isCustomRole(role)
      ? assignment.customRoles.some(({ key }) => key === role)
      : Object.hasOwn(preset.roles, role);
  const unknown = assignment.roles.findIndex((role) => !isKnown(role));
  if (unknown >= 0)
    return {
      kind: "invalid",
      pointer: `/roles/${unknown}`,
      detail: message("access.unknownRole", { roles: Object.keys(preset.roles) }),
    };
  if (new Set(assignment.roles).size < assignment.roles.length)
    return { kind: "invalid", pointer: "/roles", detail: message("access.roleTwice") };
  if (giver !== null && !canGive(giver.preset, giver.roles, assignment.roles)) {
    return {
      kind: "denied",
      detail: givableDetail([...givableRoles(giver.preset, giver.roles)]),
    };
  }
  const unknownRight = assignment.rights.findIndex((right) => !preset.rights.has(right as Right));
  if (unknownRight >= 0)
    return {
      kind: "invalid",
      pointer: `/rights/${unknownRight}`,
      detail: message("access.rightUnknown"),
    };
  const fault = findGrantFault(assignment.grants, preset, types);
  if (fault !== null) return fault;
  if (giver !== null && !canGiveAssignment(giver, assignment, accountId, preset, types))
    return { kind: "denied", detail: message("access.beyondOwnRights") };
  return findLimitFault(assignment, preset);
}

const givableDetail = (roles: readonly string[]): Message =>
  roles.length === 0 ? message("access.noRoles") : message("access.onlyRoles", { roles });

/** A credit limit goes with roles that have one, and with no role that spends without a limit. */
function findLimitFault({ roles, creditLimit }: Assignment, preset: Preset): AssignmentFault | null {
  const unlimited = roles.find((role) => preset.roles[role]?.creditLimit === false);
  if (
    creditLimit !== null &&
    (unlimited !== undefined || !roles.some((role) => preset.roles[role]?.creditLimit))
  ) {
    return {
      kind: "invalid",
      pointer: "/creditLimit",
      detail:
        unlimited === undefined
          ? message("access.limitWithRoles")
          : message("access.limitWithRole", { role: unlimited }),
    };
  }
  return null;
}

/** A grant that makes no sense is refused when it is saved, not ignored when it is read. */
export function findGrantFault(
  grants: readonly GrantRow[],
  preset: Preset,
  types: TypeTable,
): AssignmentFault | null {
  const seen = new Set<string>();
  const grantable = Array.from(types.values()).filter((type) => isGrantable(type, preset));
  for (const [index, { resourceType, resourceId, access }] of grants.entries()) {
    const invalid = (field: string, detail: Message): AssignmentFault => ({
      kind: "invalid",
      pointer: `/grants/${index}/${field}`,
      detail,
    });
    const type = types.get(resourceType);
    if (type === undefined || !grantable.includes(type))
      return invalid(
        "resourceType",
        message("access.grantTypes", { types: grantable.map((each) => each.name) }),
      );
    if (type.grants === "reach" && access !== "view")
      return invalid("access", message("access.grantView", { type: resourceType }));
    if (type.grants === "whole" && resourceId !== "0")
      return invalid("resourceId", message("access.grantWhole", { type: resourceType }));
    if (seen.has(`${resourceType} ${resourceId}`)) return invalid("resourceId", message("access.grantTwice"));
    seen.add(`${resourceType} ${resourceId}`);
  }
  return null;
}

/**
 * The type on which one of these roles needs a grant that is not among these; null when nothing is missing.
 */
export const missingGrantType = (
  preset: Preset,
  roles: readonly string[],
  grants: readonly GrantRow[],
): string | null =>
  roles
    .map((role) => preset.roles[role]?.requiredGrantType)
    .find((type) => type !== undefined && !grants.some(({ resourceType }) => resourceType === type)) ?? null;

/** Preset roles go by `mayInvite`; direct rights and grants by what is held. */
export function canGiveAssignment(
  giver: Giver,
  assignment: Assignment,
  accountId: string,
  preset: Preset,
  types: TypeTable,
): boolean {
  const source = {
    memberId: giver.grantSet.memberId,
    accountId,
    customRoles: assignment.customRoles,
    rights: assignment.rights,
    grants: assignment.grants,
    roles: [],
    objectGroupIds: [],
    scopes: null,
  };
  return (
    isGrantSubset(compileGrantSet(source, preset, types), giver.grantSet) &&
    [...assignment.grants, ...assignment.customRoles.flatMap((role) => role.grants)].every((grant) =>
      canSeeGrantTarget(giver.grantSet, grant, types),
    ) &&
    assignment.rights.every((right) => giver.grantSet.extents.has(right as Right))
  );
}
