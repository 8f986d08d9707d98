import { type AssignmentFault, findAssignmentFault } from "../../access/assignment.ts";
import { compileGrantSet, isGrantSubset } from "../../access/grant-set.ts";
import { isCustomRole, canGive, type Giver } from "../../access/role-giving.ts";
import { type GrantRow, isRestrictedMember } from "../../access/preset.ts";
import type { AccessChange, RoleContent } from "./access-change.ts";
import { gainOf, addsAccess, newGrants, NO_ASSIGNMENT, widensAccess } from "./access-gain.ts";
import type { Authority } from "../principals/authority.ts";
import { type Holdings, canMakeKeyFor } from "../principals/holdings.ts";
import { restrictionOf, UNRESTRICTED, widerThan } from "../credentials/key-restriction.ts";
import type { Principal } from "../principals/principal.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

/**
 * Why this principal may not make this change; null when they may. The checks stand in the order in which
 * they decide.
 */
export const findPermitFault = (
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null =>
  findSwitchFault(principal, change, authority) ??
  findAuthorityFault(principal, change, authority) ??
  findSelfFault(principal, change) ??
  findRestrictionFault(principal, change, authority) ??
  findPlanFault(principal, change, authority);

const deniedFault = (detail: Message): AssignmentFault => ({ kind: "denied", detail });

type PresetContext = Pick<Principal, "accountId" | "preset" | "types">;

const compileAccess = ({ accountId, preset, types }: PresetContext, memberId: string, access: Holdings) =>
  compileGrantSet({ ...access, memberId, accountId, scopes: null }, preset, types);

/**
 * Members do not widen their own access. Otherwise a member who is about to lose a right could keep it in
 * another form.
 */
function findSelfFault(principal: Principal, change: AccessChange): AssignmentFault | null {
  const fault = deniedFault(message("access.ownAccess"));
  if (change.kind === "role")
    return principal.member.roles.includes(change.roleId) && widensRole(principal, change) ? fault : null;
  if (
    change.kind !== "member" ||
    change.memberId !== principal.memberId ||
    !addsAccess(gainOf(change.before, change.after))
  )
    return null;
  const { roles, rights, grants } = gainOf(change.before, change.after);
  // A right that a role gives already would stay when the role is taken away.
  if (rights.length > 0 || grants.length > 0 || roles.some(isCustomRole)) return fault;
  return isGrantSubset(
    compileAccess(principal, change.memberId, change.after),
    compileAccess(principal, change.memberId, change.before),
  )
    ? null
    : fault;
}

function widensRole(
  { memberId, ...where }: Principal,
  { before, after }: Extract<AccessChange, { kind: "role" }>,
): boolean {
  const set = (content: RoleContent) =>
    compileAccess(where, memberId, { ...content, roles: [], customRoles: [], objectGroupIds: [] });
  const isReach = ({ resourceType }: GrantRow) => where.types.get(resourceType)?.grants === "reach";
  return !isGrantSubset(set(after), set(before)) || newGrants(before.grants, after.grants).some(isReach);
}

/** A restricted key gives only access that is restricted in the same way. */
function findRestrictionFault(
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null {
  const restriction = restrictionOf(principal.credential);
  const by =
    change.kind === "key" ? widerThan(restriction, change.terms) : widerThan(restriction, UNRESTRICTED);
  if (by === null) return null;
  // The platform gives what no scope of its keys can hold: roles of other models.
  const isBound =
    authority === "platform" || restriction.allowedIps.length > 0 || restriction.expiresAt !== null;
  const fault = deniedFault(message("access.keyRestricted", { field: by }));
  switch (change.kind) {
    case "key":
    case "account":
    case "object":
    case "ownership":
      return fault;
    case "hook":
      return change.doesMore ? fault : null;
    case "settings":
      return isBound && change.loosens ? fault : null;
    case "role":
      return isBound && widensRole(principal, change) ? fault : null;
    case "entry":
      return isBound || !isHeld(principal, change.memberId, change.access) ? fault : null;
    case "member": {
      const gain = gainOf(change.before, change.after);
      if (!widensAccess(gain)) return null;
      // With a group, or unblocked, the member uses all that they have.
      const isWhole =
        gain.isUnblocked || gain.objectGroupIds.length > 0 || gain.isFromMoreAddresses || gain.isLimitRaised;
      const { customRoles } = change.after;
      const given = { ...gain, customRoles: customRoles.filter(({ key }) => gain.roles.includes(key)) };
      return isBound || !isHeld(principal, change.memberId, isWhole ? change.after : given) ? fault : null;
    }
  }
}

/** Does the call's key hold all of this? Groups are no part of a key's scopes. */
const isHeld = (principal: Principal, memberId: string, access: Holdings): boolean =>
  isGrantSubset(compileAccess(principal, memberId, access), { ...principal.grantSet, groups: null });

const findSwitchFault = (
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null =>
  authority === "platform" || (change.kind !== "entry" && change.kind !== "account")
    ? null
    : findInviteSwitchFault(principal);

/** Where the settings let only admins add members, no other member adds a way in. */
export function findInviteSwitchFault(
  principal: Principal,
): Extract<AssignmentFault, { kind: "setting" }> | null {
  // The switch of the account acted on binds members of accounts above it, too.
  for (const {
    switches,
    preset: {
      switches: { invitingRoles },
    },
  } of [principal.ownAccount, principal]) {
    if (
      !switches.inviteOnlyAdmins ||
      invitingRoles === undefined ||
      principal.member.roles.some((role) => invitingRoles.includes(role))
    )
      continue;
    return {
      kind: "setting",
      setting: "inviteOnlyAdmins",
      detail: message("access.inviteOnlyAdmins", { roles: invitingRoles }),
    };
  }
  return null;
}

function findAuthorityFault(
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null {
  if (authority === "platform") return null;
  const { accountId, ownAccount, member, grantSet, preset, types } = principal;
  const giver: Giver = { preset: ownAccount.preset, roles: member.roles, grantSet };
  switch (change.kind) {
    case "member": {
      const gain = gainOf(change.before, change.after);
      return (
        findAssignmentFault(widensAccess(gain) ? giver : null, change.asked, accountId, preset, types) ??
        findGroupFault(principal, gain.objectGroupIds)
      );
    }
    case "entry":
      return (
        findAssignmentFault(giver, change.access, accountId, preset, types) ??
        findGroupFault(principal, change.access.objectGroupIds)
      );
    case "role":
      return findAssignmentFault(giver, { ...NO_ASSIGNMENT, ...change.after }, accountId, preset, types);
    case "key":
      return change.memberId === principal.memberId || canMakeKeyFor(giver, change.holdings, principal)
        ? null
        : deniedFault(message("access.strongerHolder"));
    case "account":
      return canGive(ownAccount.preset, member.roles, [change.topRole])
        ? null
        : deniedFault(message("access.topRole", { role: change.topRole }));
    case "hook":
    case "object":
    case "ownership":
    case "settings":
      return null;
  }
}

const findGroupFault = (
  { grantSet: { groups } }: Principal,
  gained: readonly string[],
): AssignmentFault | null =>
  groups === null || gained.every((id) => groups.has(id))
    ? null
    : deniedFault(message("access.ownGroupsOnly"));

/**
 * A restricted account acts only while its plan has restricted accounts, so nothing is given to one without
 * it.
 */
function findPlanFault(
  { targetAccount, preset }: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null {
  if (authority === "platform" || targetAccount.plan.restrictedAccounts) return null;
  switch (change.kind) {
    case "entry":
      return isRestrictedMember(preset, change.access.roles) ? { kind: "plan" } : null;
    case "member":
      return addsAccess(gainOf(change.before, change.after)) && isRestrictedMember(preset, change.after.roles)
        ? { kind: "plan" }
        : null;
    case "role":
    case "key":
    case "hook":
    case "account":
    case "object":
    case "ownership":
    case "settings":
      return null;
  }
}
