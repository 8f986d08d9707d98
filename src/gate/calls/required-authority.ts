import { type Giver, canManage } from "../../access/role-giving.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { normalizeRules } from "../credentials/address-rule.ts";
import { isPlatformInTenant } from "../principals/authority.ts";
import { customRoleGrantSet, type Holdings } from "../principals/holdings.ts";
import { restrictionOf, UNRESTRICTED, widerThan } from "../credentials/key-restriction.ts";
import type { Principal } from "../principals/principal.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

const giverOf = ({ ownAccount, member, grantSet }: Principal): Giver => ({
  preset: ownAccount.preset,
  roles: member.roles,
  grantSet,
});

/** A caller who edits or unblocks a member has power over it. @throws Problem access/denied */
export function requireAuthorityOver(principal: Principal, target: Omit<Holdings, "objectGroupIds">): void {
  // The platform may add members with any role.
  if (isPlatformInTenant(principal)) return;
  if (
    canManage(giverOf(principal), {
      ...target,
      customGrantSet: customRoleGrantSet(principal, target.customRoles),
    })
  )
    return;
  throw new Problem("access/denied", {
    detail: message("access.strongerMember"),
  });
}

/**
 * The account's owner stops every other member, and so does the platform in an account that it names.
 * Roles do not matter.
 */
export const canStopEveryMember = (principal: Principal): boolean =>
  principal.memberId === principal.targetAccount.ownerMemberId || isPlatformInTenant(principal);

/**
 * For a change that only takes away: a block, the end of sessions, keys, hooks and invitations, fewer roles,
 * rights, grants or groups, removal. A change that gives back or edits needs `requireAuthorityOver`.
 * @throws Problem access/denied
 */
export function requireAuthorityToStop(principal: Principal, target: Omit<Holdings, "objectGroupIds">): void {
  if (!canStopEveryMember(principal)) requireAuthorityOver(principal, target);
}

/**
 * For a change that cannot be undone, or that gives an account away. The key of the call may have no scopes,
 * addresses or end.
 * @throws Problem access/denied
 */
export function requireUnrestrictedKey({ credential }: Principal, why: Message): void {
  const restrictedIn = widerThan(restrictionOf(credential), UNRESTRICTED);
  if (restrictedIn === null) return;
  throw new Problem("access/denied", {
    detail: [why, message("access.keyNarrowed", { field: restrictedIn })],
  });
}

/**
 * The plan lacks restricted accounts; the answer names the contact who sells them.
 * @param contactUrl of the platform, where the plan names none
 */
export const planFeatureMissing = ({ ownAccount }: Principal, contactUrl: string): Problem =>
  new Problem("plan/feature-required", {
    extensions: { feature: "restrictedAccounts", contact: ownAccount.plan.contactUrl ?? contactUrl },
  });

/** Address rules of a body in canonical form. @throws Problem validation */
export function parseAddressRules(rules: readonly string[], allowAny: boolean): string[] {
  const normal = normalizeRules(rules, allowAny);
  if ("fault" in normal) throw invalidField(`/allowedIps/${normal.fault.index}`, normal.fault.detail);
  return normal.rules;
}
