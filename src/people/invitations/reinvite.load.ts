import { isCustomRole } from "../../access/role-giving.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { findMember } from "../../gate/credentials/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { accessOf } from "../members/member-access.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import { requireRightsForExtras, requireAllowedEmailDomain } from "./invite-rule.ts";

/**
 * Sending a waiting invitation again, also to another address, gives the reader of that mail all access of
 * its member. So it needs what a new invitation would need.
 * @throws Problem access/denied, validation, plan/feature-required
 */
export function permitReinvite(
  call: Call,
  { row, grants, customRoles }: Awaited<ReturnType<typeof findMember>>[number],
): Permit {
  const { preset, targetAccount } = call.principal;
  requireInvitingAllowed(call);
  call.requireRight("member.create");
  requireRightsForExtras(call, row, grants);
  // A role that a switch has taken away gives nothing.
  const roles = row.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  const access = { ...accessOf({ ...row, roles }, grants, customRoles), creditLimit: null };
  const permit = requestPermit(call, { kind: "entry", memberId: row.id, access });
  requireAllowedEmailDomain(targetAccount.settings.allowedEmailDomains, row.email);
  return permit;
}
