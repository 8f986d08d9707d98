import { type Actor, mayManage } from "../../access/invite.ts";
import { invalid, Problem } from "../../kernel/http/problem.ts";
import { normalizeRules } from "../credentials/address.ts";
import { isPlatformAt } from "../principals/authority.ts";
import { customSet, type Holdings } from "../principals/holdings.ts";
import { restrictionOf, UNRESTRICTED, widerThan } from "../credentials/key-restriction.ts";
import type { Principal } from "../principals/principal.ts";

const actorOf = ({ home, member, grantSet }: Principal): Actor => ({
  preset: home.preset,
  roles: member.roles,
  grantSet,
});

/** A caller who edits or unblocks a member has power over it. @throws Problem access/denied */
export function requirePower(principal: Principal, target: Omit<Holdings, "objectGroupIds">): void {
  // The platform may add members with any role.
  if (isPlatformAt(principal)) return;
  if (mayManage(actorOf(principal), { ...target, custom: customSet(principal, target.customRoles) })) return;
  throw new Problem("access/denied", {
    detail: "This member has a role that you could not give, or rights beyond yours.",
  });
}

/**
 * The account's owner stops every other member, and so does the platform in an account that it names.
 * Roles do not matter.
 */
export const stopsEveryMember = (principal: Principal): boolean =>
  principal.memberId === principal.account.ownerMemberId || isPlatformAt(principal);

/**
 * For a change that only takes away: a block, the end of sessions, keys, hooks and invitations, fewer roles,
 * rights, grants or groups, removal. A change that gives back or edits needs `requirePower`.
 * @throws Problem access/denied
 */
export function requireAuthorityToStop(principal: Principal, target: Omit<Holdings, "objectGroupIds">): void {
  if (!stopsEveryMember(principal)) requirePower(principal, target);
}

/**
 * For a change that cannot be undone, or that gives an account away. The key of the call may have no scopes,
 * addresses or end.
 * @throws Problem access/denied
 */
export function requireUnrestricted({ credential }: Principal, why: string): void {
  const narrow = widerThan(restrictionOf(credential), UNRESTRICTED);
  if (narrow === null) return;
  throw new Problem("access/denied", {
    detail: `${why} The key of this call is narrowed in ${narrow}. Use another key, or sign in.`,
  });
}

/**
 * The plan lacks restricted accounts; the answer names the contact who sells them.
 * @param contactUrl of the platform, where the plan names none
 */
export const withoutRestrictedAccounts = ({ home }: Principal, contactUrl: string): Problem =>
  new Problem("plan/feature-required", {
    members: { feature: "restrictedAccounts", contact: home.plan.contactUrl ?? contactUrl },
  });

/** Address rules of a body in canonical form. @throws Problem validation */
export function canonicalRules(rules: readonly string[], allowAny: boolean): string[] {
  const normal = normalizeRules(rules, allowAny);
  if ("fault" in normal) throw invalid(`/allowedIps/${normal.fault.index}`, normal.fault.detail);
  return normal.rules;
}
