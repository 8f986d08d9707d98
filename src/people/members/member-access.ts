import type { CustomRole } from "../../access/contribution.ts";
import type { GrantRow } from "../../access/preset.ts";
import type { MemberAccess } from "../../gate/permits/access-gain.ts";
import type { MemberRow } from "./member.card.ts";

/** The columns of a member that decide about its access. */
type AccessRow = Pick<
  MemberRow,
  Exclude<keyof MemberAccess, "customRoles" | "grants" | "isUnblocked"> | "status"
>;

/**
 * What a member has by these rows. @param customRoles those of `row.roles` that the account made for itself
 */
export const accessOf = (
  row: AccessRow,
  grants: readonly GrantRow[],
  customRoles: readonly CustomRole[],
): MemberAccess => ({
  roles: row.roles,
  customRoles,
  rights: row.rights,
  grants,
  creditLimit: row.creditLimit,
  objectGroupIds: row.objectGroupIds,
  allowedIps: row.allowedIps,
  isUnblocked: row.status !== "blocked",
  limitPeriod: row.limitPeriod,
});
