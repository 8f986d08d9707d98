import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { memberRef } from "../../access/decision.ts";
import { canSeeGrantTarget } from "../../access/grant-set.ts";
import { isCustomRole } from "../../access/role-giving.ts";
import type { Assignment } from "../../access/assignment.ts";
import type { CustomRole } from "../../access/contribution.ts";
import type { GrantRow, Preset } from "../../access/preset.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import type { Call } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { NO_ASSIGNMENT } from "../../gate/permits/access-gain.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { findInviteSwitchFault } from "../../gate/permits/permit-fault.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { parseAddressRules, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { findRoles } from "../rights/role.store.ts";
import { accessOf } from "./member-access.ts";
import type { MemberRow } from "./member.card.ts";
import { requireReadOnlyAccess } from "../rights/read-only-role.ts";
import { message } from "../../kernel/messages/message.ts";

type MemberRight =
  | "member.view"
  | "member.edit"
  | "member.block"
  | "member.delete"
  | "grant.edit"
  | "object_group.edit";

/** One guarded read of a member and its grants; 404 where the caller may not see the member. */
export async function loadMember(
  call: Call,
  right: MemberRight,
  require = requireAuthorityOver,
): Promise<LoadedMember> {
  const id = call.params["id"] ?? "";
  const [[found]] = await call.read(findMember(call.db, call.principal.accountId, id));
  return requireMember(call, right, id, found, undefined, require);
}

/** The same where everybody may ask about themselves. */
export async function loadSelfOrMember(call: Call): Promise<LoadedMember> {
  const { accountId, memberId } = call.principal;
  if (call.params["id"] !== memberId) return loadMember(call, "member.view");
  const [[self]] = await call.read(findMember(call.db, accountId, memberId));
  if (self === undefined) throw new Problem("not-found");
  return self;
}

/**
 * The member that was asked for, if the caller has the right and the authority.
 * @param require `requireAuthorityToStop` for what only takes away; then what gives as well asks for more
 * itself
 * @throws Problem not-found, access/denied
 */
export function requireMember(
  call: Call,
  right: MemberRight,
  id: string,
  found: LoadedMember | undefined,
  missing: Problem = new Problem("not-found"),
  require = requireAuthorityOver,
): LoadedMember {
  if (right !== "member.view") call.requireRight(right);
  call.requireRight("member.view", memberRef(id), missing);
  if (found === undefined) throw missing;
  call.requireRight(right, memberRef(id));
  // A member who sees every group may choose the groups of others: for roles that only the platform gives, no
  // other member of the account could.
  const choosesGroups = right === "object_group.edit" && call.principal.grantSet.groups === null;
  if (right !== "member.view" && !choosesGroups) require(call.principal, { ...found.row, ...found });
  return found;
}

type RequestedAccess = Omit<Assignment, "customRoles">;

/** The account's own roles among these. */
export async function loadCustomRoles(call: Call, roles: readonly string[]): Promise<CustomRole[]> {
  const customRoleIds = roles.filter(isCustomRole);
  if (customRoleIds.length === 0) return [];
  const [found] = await call.read(findRoles(call.db, call.principal.accountId, customRoleIds));
  return found.map(({ id, rights, grants }) => ({ key: id, rights, grants }));
}

/**
 * A permit for another access of a member who is there.
 * @param requested what the body named: faults point at it
 * @throws Problem validation, access/denied, plan/feature-required
 */
export async function permitMember(
  call: Call,
  { row, grants, customRoles }: LoadedMember,
  after: MemberRow,
  afterGrants: readonly GrantRow[],
  requested: Partial<RequestedAccess> = {},
): Promise<Permit> {
  const afterRoles = await loadCustomRoles(call, after.roles);
  const accessBefore = accessOf(row, grants, customRoles);
  const accessAfter = {
    ...accessOf(after, afterGrants, afterRoles),
    ...(canSpend(call, after, afterRoles) ? {} : { creditLimit: accessBefore.creditLimit }),
  };
  // What is left as it was is not asked again.
  if (
    JSON.stringify([accessBefore.roles, accessBefore.rights, accessBefore.grants]) !==
    JSON.stringify([accessAfter.roles, accessAfter.rights, accessAfter.grants])
  )
    requireReadOnlyAccess(call.principal, accessAfter);
  return requestPermit(call, {
    kind: "member",
    memberId: row.id,
    before: accessBefore,
    after: accessAfter,
    asked: { ...NO_ASSIGNMENT, customRoles: afterRoles, ...requested },
  });
}

/**
 * Address rules in canonical form.
 * @param bindsCaller the rules would bind the caller too: then they must let the caller's own address in, or
 * be confirmed
 * @throws Problem validation, conflict/lockout
 */
export function requireSafeAddressRules(
  call: Call,
  rules: readonly string[],
  consent: { allowAny: boolean; confirmLockout?: boolean },
  bindsCaller: boolean,
): string[] {
  const canonical = parseAddressRules(rules, consent.allowAny);
  if (
    bindsCaller &&
    !consent.confirmLockout &&
    !admitsAddress([compileAddressRules(canonical)], call.origin.ip)
  )
    throw new Problem("conflict/lockout");
  return canonical;
}

/**
 * Asked before the body, so that no member without that power learns from a 422. @throws Problem
 * access/denied
 */
export function requireInvitingAllowed({ principal }: Pick<Call, "principal">): void {
  const fault = findInviteSwitchFault(principal);
  if (fault !== null)
    throw new Problem("access/denied", { detail: fault.detail, extensions: { setting: fault.setting } });
}

export const OWNER_STAYS_DETAIL = message("members.ownerStays");

/**
 * The account's owner keeps the top role, stays active and cannot be locked out: ownership moves only by an
 * explicit transfer.
 */
export function requireOwnerStays(
  { principal }: Call,
  row: MemberRow,
  after: MemberRow,
  topRole: string,
): void {
  if (row.id !== principal.targetAccount.ownerMemberId) return;
  if (row.id !== principal.memberId && after.allowedIps.join() !== row.allowedIps.join()) {
    throw new Problem("conflict/lockout", {
      detail: message("members.ownersAddressRules"),
    });
  }
  if (after.status !== "blocked" && after.roles.includes(topRole)) return;
  throw new Problem("conflict/last-admin", { detail: OWNER_STAYS_DETAIL });
}

/**
 * Else another admin could come in as the owner, by the invitation that waits. @throws Problem
 * conflict/last-admin
 */
export function requireNotOwnersAddress({ principal }: Call, { id }: Pick<MemberRow, "id">): void {
  if (id !== principal.targetAccount.ownerMemberId || id === principal.memberId) return;
  throw new Problem("conflict/last-admin", {
    detail: message("members.ownersAddress"),
  });
}

/**
 * A caller cannot remove grants on objects that they do not see. That would reveal the grants, and end them.
 * @throws Problem access/denied
 */
export function requireNoUnseenGrantLoss(
  { principal: { grantSet, types } }: Call,
  before: readonly GrantRow[],
  grants: readonly GrantRow[],
): void {
  const isKept = ({ resourceType, resourceId }: GrantRow) =>
    grants.some((grant) => grant.resourceType === resourceType && grant.resourceId === resourceId);
  if (before.every((grant) => isKept(grant) || canSeeGrantTarget(grantSet, grant, types))) return;
  throw new Problem("access/denied", {
    detail: message("members.hiddenGrants"),
  });
}

const canHaveLimit = (preset: Preset, { roles, rights }: MemberRow): boolean =>
  roles.some((role) => preset.roles[role]?.creditLimit) || rights.includes("credits.spend");

/** A limit that goes with the last way to spend raises nothing. */
const canSpend = (
  { principal: { preset } }: Call,
  row: MemberRow,
  customRoles: readonly CustomRole[],
): boolean => canHaveLimit(preset, row) || customRoles.some(({ rights }) => rights.includes("credits.spend"));

/**
 * The member, blocked or unblocked. A member who never signed in becomes "new" again. @throws Problem
 * conflict/lockout
 */
export function withLoginAllowed(call: Call, row: MemberRow, allowed: boolean): MemberRow {
  if ((row.status !== "blocked") === allowed) return row;
  if (row.id === call.principal.memberId)
    throw new Problem("conflict/lockout", { detail: message("members.blockSelf") });
  if (allowed) return { ...row, status: row.lastLoginAt === null ? "new" : "active", blockedAt: null };
  return { ...row, status: "blocked", blockedAt: call.now };
}

/**
 * The limit is removed with the role that may have one. A member who may still spend keeps it, and a limit
 * that is not allowed is then reported as a fault.
 */
export const creditLimitOf = (preset: Preset, row: MemberRow): number | null =>
  canHaveLimit(preset, row) ? row.creditLimit : null;

/** The same for groups that the caller does not see. @throws Problem access/denied */
export function requireNoUnseenGroupLoss(
  {
    principal: {
      grantSet: { groups },
    },
  }: Call,
  before: readonly string[],
  groupIds: readonly string[],
): void {
  if (groups === null || before.every((id) => groupIds.includes(id) || groups.has(id))) return;
  throw new Problem("access/denied", {
    detail: message("members.hiddenGroups"),
  });
}
