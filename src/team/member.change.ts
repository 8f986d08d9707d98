import { memberRef } from "../access/decide.ts";
import { seesGranted } from "../access/grant-set.ts";
import { isCustomRole } from "../access/invite.ts";
import type { GrantRow, Preset } from "../access/preset.ts";
import type { TypeTable } from "../access/type.ts";
import { admitsAddress, compileRules } from "../identity/address.ts";
import type { Call } from "../identity/call.ts";
import { findMember } from "../identity/member.store.ts";
import { restrictionOf } from "../identity/key-restriction.ts";
import { canonicalRules, requirePower, withoutRestrictedAccounts } from "../identity/refusal.change.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { type Assignment, assignmentFault } from "./assignment.ts";
import { findRoles } from "./role.store.ts";
import type { MemberRow } from "./member.card.ts";

type Loaded = Awaited<ReturnType<typeof findMember>>[number];
type MemberRight = "member.view" | "member.edit" | "member.block" | "member.delete" | "grant.edit" | "object_group.edit";

/** One guarded read of a member and its grants; 404 where the caller may not see the member. */
export async function loadMember(call: Call, right: MemberRight, require = requirePower): Promise<Loaded> {
  const id = call.params["id"] ?? "";
  const [[found]] = await call.read(findMember(call.db, call.principal.accountId, id));
  return requireMember(call, right, id, found, undefined, require);
}

/** The same where everybody may ask about themselves. */
export async function loadAsked(call: Call): Promise<Loaded> {
  const { accountId, memberId } = call.principal;
  if (call.params["id"] !== memberId) return loadMember(call, "member.view");
  const [[self]] = await call.read(findMember(call.db, accountId, memberId));
  if (self === undefined) throw new Problem("not-found");
  return self;
}

/**
 * The member that was asked for, if the caller has the right and the authority.
 * @param require `requireAuthorityToStop` for what only takes away; then what gives as well asks for more itself
 * @throws Problem not-found, access/denied
 */
export function requireMember(
  call: Call, right: MemberRight, id: string, found: Loaded | undefined, missing: Problem = new Problem("not-found"), require = requirePower,
): Loaded {
  if (right !== "member.view") call.decide(right);
  call.decide("member.view", memberRef(id), missing);
  if (found === undefined) throw missing;
  call.decide(right, memberRef(id));
  // Whoever sees every group says which of them others see: nobody else in the account could, for roles that only the platform gives.
  const choosesGroups = right === "object_group.edit" && call.principal.grantSet.groups === null;
  if (right !== "member.view" && !choosesGroups) require(call.principal, { ...found.row, ...found });
  return found;
}

/**
 * @param anew the member gets roles or grants by this call: then the plan must have what they need, and a narrowed key
 *   gives no role that goes beyond it, none at all where it is bound to a place or a time. What the member has already is not given again.
 * @throws Problem validation, access/denied, plan/feature-required
 */
export async function checkAssignment(call: Call, wanted: Omit<Assignment, "customRoles">, types: TypeTable, anew: boolean): Promise<void> {
  const { accountId, account, home, member, grantSet, credential, preset } = call.principal;
  const named = wanted.roles.filter(isCustomRole);
  const customRoles = named.length === 0 ? [] : (await call.read(findRoles(call.db, accountId, named)))[0].map(({ id, ...role }) => ({ ...role, key: id }));
  const giver = { preset: home.preset, roles: member.roles, grantSet, narrowed: anew && restrictionOf(credential).scopes !== null };
  const fault = assignmentFault(giver, { ...wanted, customRoles }, accountId, preset, types, !anew || account.plan.restrictedAccounts);
  if (fault === null) return anew ? requireUnbound(call, wanted) : undefined;
  if (fault.kind === "invalid") throw invalid(fault.pointer, fault.detail);
  if (fault.kind === "denied") throw new Problem("access/denied", { detail: fault.detail });
  throw withoutRestrictedAccounts(call.principal, call.env.CONTACT_URL);
}

/** Whoever is given something comes in from anywhere and for good, so a key that does not gives nothing. @throws Problem access/denied */
function requireUnbound({ principal: { credential } }: Call, { roles, rights, grants }: Omit<Assignment, "customRoles">): void {
  const { allowedIps, expiresAt } = restrictionOf(credential);
  const bound = allowedIps.length > 0 ? "allowedIps" : expiresAt !== null ? "expiresAt" : null;
  if (bound === null || [roles, rights, grants].every((given) => given.length === 0)) return;
  throw new Problem("access/denied", { detail: `The key of this call is narrowed in ${bound}, and whoever it gave something would not be. Use a key that is narrowed in scopes only, or sign in.` });
}

/**
 * Address rules in canonical form.
 * @param own the rules would bind the caller too: then they must let the caller's own address in, or be confirmed
 * @throws Problem validation, conflict/lockout
 */
export function addressRules(call: Call, rules: readonly string[], consent: { allowAny: boolean; confirmLockout?: boolean }, own: boolean): string[] {
  const canonical = canonicalRules(rules, consent.allowAny);
  if (own && !consent.confirmLockout && !admitsAddress([compileRules(canonical)], call.origin.ip)) throw new Problem("conflict/lockout");
  return canonical;
}

/** Where the seller lets only admins add members, whoever else holds the right adds none. @throws Problem access/denied */
export function requireInviting({ principal }: Pick<Call, "principal">): void {
  // The switch of the account acted on binds whoever acts from above, too.
  for (const { switches, preset: { switches: { admins } } } of [principal.home, principal]) {
    if (!switches.inviteOnlyAdmins || admins === undefined || principal.member.roles.some((role) => admins.includes(role))) continue;
    throw new Problem("access/denied", { detail: `inviteOnlyAdmins is on: only ${admins.join(" and ")} add members here.`, members: { setting: "inviteOnlyAdmins" } });
  }
}

export const OWNER_STAYS = "This member owns the account. Ownership moves by an offer: POST /v1/accounts/{id}/ownership-offers.";

/** The account's owner keeps the top role, stays active and is locked out by nobody: ownership moves only by an explicit transfer. */
export function keepOwner({ principal }: Call, row: MemberRow, after: MemberRow, topRole: string): void {
  if (row.id !== principal.account.ownerMemberId) return;
  if (row.id !== principal.memberId && after.allowedIps.join() !== row.allowedIps.join()) {
    throw new Problem("conflict/lockout", { detail: "This member owns the account, and nobody else changes the owner's address rules." });
  }
  if (after.status !== "blocked" && after.roles.includes(topRole)) return;
  throw new Problem("conflict/last-admin", { detail: OWNER_STAYS });
}

/** Else another admin could come in as the owner, by the invitation that waits. @throws Problem conflict/last-admin */
export function keepOwnersAddress({ principal }: Call, { id }: Pick<MemberRow, "id">): void {
  if (id !== principal.account.ownerMemberId || id === principal.memberId) return;
  throw new Problem("conflict/last-admin", { detail: "This member owns the account, and nobody else changes the owner's address." });
}

/** Else whoever is about to lose a role would keep its rights under another name, or in a role made for that. @throws Problem access/denied */
export function refuseOwnRights(call: Call, row: MemberRow, { rights, roles }: Pick<MemberRow, "rights" | "roles">): void {
  const isGain = rights.some((right) => !row.rights.includes(right)) || roles.some((role) => isCustomRole(role) && !row.roles.includes(role));
  if (isGain && row.id === call.principal.memberId) throw new Problem("access/denied", { detail: "Nobody gives rights to themselves." });
}

/** The same for grants. @throws Problem access/denied */
export function refuseOwnGrants(call: Call, row: MemberRow, before: readonly GrantRow[], grants: readonly GrantRow[]): void {
  const isNew = (grant: GrantRow) => !before.some((held) => held.resourceType === grant.resourceType && held.resourceId === grant.resourceId && held.access === grant.access);
  if (row.id === call.principal.memberId && grants.some(isNew)) throw new Problem("access/denied", { detail: "Nobody gives grants to themselves." });
}

/** Nobody takes a reach from others that they do not have: that would tell, and end, what they do not see. @throws Problem access/denied */
export function refuseUnseenLoss({ principal: { grantSet, types } }: Call, before: readonly GrantRow[], grants: readonly GrantRow[]): void {
  const isKept = ({ resourceType, resourceId }: GrantRow) => grants.some((grant) => grant.resourceType === resourceType && grant.resourceId === resourceId);
  if (before.every((grant) => isKept(grant) || seesGranted(grantSet, grant, types))) return;
  throw new Problem("access/denied", { detail: "This member has grants on what you do not see; nobody takes those away." });
}

/** The member with or without a way in: new again, whoever never signed in. @throws Problem conflict/lockout */
export function withLogin(call: Call, row: MemberRow, allowed: boolean): MemberRow {
  if ((row.status !== "blocked") === allowed) return row;
  if (row.id === call.principal.memberId) throw new Problem("conflict/lockout", { detail: "You cannot block yourself." });
  if (allowed) return { ...row, status: row.lastLoginAt === null ? "new" : "active", blockedAt: null };
  return { ...row, status: "blocked", blockedAt: call.now };
}

/** A limit leaves with the role that may have one; but nobody who may still spend loses it on the way: that is told as a fault. */
export const limitOf = (preset: Preset, { roles, rights, creditLimit }: MemberRow): number | null =>
  (roles.some((role) => preset.roles[role]?.creditLimit) || rights.includes("credits.spend") ? creditLimit : null);

/** Nor takes groups from others that they do not see. @throws Problem access/denied */
export function refuseUnseenGroupLoss({ principal: { grantSet: { groups } } }: Call, before: readonly string[], ids: readonly string[]): void {
  if (groups === null || before.every((id) => ids.includes(id) || groups.has(id))) return;
  throw new Problem("access/denied", { detail: "This member sees groups that you do not see; nobody takes those away." });
}

/** Nobody lets others into groups that they do not see themselves. @throws Problem access/denied */
export function requireGroups({ principal: { grantSet: { groups } } }: Call, ids: readonly string[]): void {
  if (groups === null || ids.every((id) => groups.has(id))) return;
  throw new Problem("access/denied", { detail: "Nobody gives object groups beyond their own." });
}
