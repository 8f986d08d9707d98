import { isCustomRole } from "../access/invite.ts";
import type { GrantRow } from "../access/preset.ts";
import type { TypeTable } from "../access/type.ts";
import type { Call } from "../identity/call.ts";
import type { MemberRow } from "../team/member.card.ts";
import { checkAssignment, requireInviting } from "../team/member.change.ts";
import { decideBeside, requireDomain } from "./invite.change.ts";

/**
 * Whoever sends a waiting invitation once more, or to another address, gives all that its member has, to whoever reads that mail: it asks for
 * what inviting them anew would ask. @throws Problem access/denied, validation, plan/feature-required
 */
export async function requireGiving(call: Call, types: TypeTable, { row, grants }: { readonly row: MemberRow; readonly grants: readonly GrantRow[] }): Promise<void> {
  const { preset, account } = call.principal;
  requireInviting(call);
  call.decide("member.create");
  decideBeside(call, row, grants);
  // A role that a switch has taken away gives nothing.
  const roles = row.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  await checkAssignment(call, { roles, rights: row.rights, grants, creditLimit: null }, types, true);
  requireDomain(account.settings.allowedEmailDomains, row.email);
}
