import { isCustomRole } from "../../access/role-giving.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { findMember } from "../../gate/credentials/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { accessOf, requireInviting } from "../members/member.change.ts";
import { decideBeside, requireDomain } from "./invite.change.ts";

/**
 * Sending a waiting invitation again, also to another address, gives the reader of that mail all access of
 * its member. So it needs what a new invitation would need.
 * @throws Problem access/denied, validation, plan/feature-required
 */
export function permitInviting(
  call: Call,
  { row, grants, customRoles }: Awaited<ReturnType<typeof findMember>>[number],
): Permit {
  const { preset, targetAccount } = call.principal;
  requireInviting(call);
  call.requireRight("member.create");
  decideBeside(call, row, grants);
  // A role that a switch has taken away gives nothing.
  const roles = row.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  const access = { ...accessOf({ ...row, roles }, grants, customRoles), creditLimit: null };
  const permit = requestPermit(call, { kind: "entry", memberId: row.id, access });
  requireDomain(targetAccount.settings.allowedEmailDomains, row.email);
  return permit;
}
