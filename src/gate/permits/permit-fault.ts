import { type AssignmentFault, assignmentFault, type Giver } from "../../access/assignment.ts";
import { compile, within } from "../../access/grant-set.ts";
import { isCustomRole, mayGive } from "../../access/invite.ts";
import { type GrantRow, isRestricted } from "../../access/preset.ts";
import type { AccessChange, RoleContent } from "./access-change.ts";
import { gainOf, givesMore, newGrants, NO_ASSIGNMENT, widens } from "./access-gain.ts";
import type { Authority } from "../principals/authority.ts";
import { type Holdings, mayMakeKeyFor } from "../principals/holdings.ts";
import { restrictionOf, UNRESTRICTED, widerThan } from "../credentials/key-restriction.ts";
import type { Principal } from "../principals/principal.ts";

/**
 * Why this principal may not make this change; null when they may. The checks stand in the order in which
 * they decide.
 */
export const findPermitFault = (
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null =>
  switchFault(principal, change, authority) ??
  powerFault(principal, change, authority) ??
  selfFault(principal, change) ??
  restrictionFault(principal, change, authority) ??
  planFault(principal, change, authority);

const denied = (detail: string): AssignmentFault => ({ kind: "denied", detail });

type Where = Pick<Principal, "accountId" | "preset" | "types">;

const compiled = ({ accountId, preset, types }: Where, memberId: string, access: Holdings) =>
  compile({ ...access, memberId, accountId, scopes: null }, preset, types);

/**
 * Members do not widen their own access. Otherwise a member who is about to lose a right could keep it in
 * another form.
 */
function selfFault(principal: Principal, change: AccessChange): AssignmentFault | null {
  const fault = denied("Members do not widen their own access. Ask another member who may give it.");
  if (change.kind === "role")
    return principal.member.roles.includes(change.roleId) && roleGains(principal, change) ? fault : null;
  if (
    change.kind !== "member" ||
    change.memberId !== principal.memberId ||
    !givesMore(gainOf(change.before, change.after))
  )
    return null;
  const { roles, rights, grants } = gainOf(change.before, change.after);
  // A right that a role gives already would stay when the role is taken away.
  if (rights.length > 0 || grants.length > 0 || roles.some(isCustomRole)) return fault;
  return within(
    compiled(principal, change.memberId, change.after),
    compiled(principal, change.memberId, change.before),
  )
    ? null
    : fault;
}

function roleGains(
  { memberId, ...where }: Principal,
  { before, after }: Extract<AccessChange, { kind: "role" }>,
): boolean {
  const set = (content: RoleContent) =>
    compiled(where, memberId, { ...content, roles: [], customRoles: [], objectGroupIds: [] });
  const isReach = ({ resourceType }: GrantRow) => where.types.get(resourceType)?.grants === "reach";
  return !within(set(after), set(before)) || newGrants(before.grants, after.grants).some(isReach);
}

/** A restricted key gives only access that is restricted in the same way. */
function restrictionFault(
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
  const fault = denied(
    `The key of this call is restricted in ${by}, and what it gives would not be. ` +
      "Use an unrestricted key, or sign in.",
  );
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
      return isBound && roleGains(principal, change) ? fault : null;
    case "entry":
      return isBound || !isHeld(principal, change.memberId, change.access) ? fault : null;
    case "member": {
      const gain = gainOf(change.before, change.after);
      if (!widens(gain)) return null;
      // With a group, or unblocked, the member uses all that they have.
      const isWhole =
        gain.isLetIn || gain.objectGroupIds.length > 0 || gain.isFromMoreAddresses || gain.isLimitRaised;
      const { customRoles } = change.after;
      const given = { ...gain, customRoles: customRoles.filter(({ key }) => gain.roles.includes(key)) };
      return isBound || !isHeld(principal, change.memberId, isWhole ? change.after : given) ? fault : null;
    }
  }
}

/** Does the call's key hold all of this? Groups are no part of a key's scopes. */
const isHeld = (principal: Principal, memberId: string, access: Holdings): boolean =>
  within(compiled(principal, memberId, access), { ...principal.grantSet, groups: null });

const switchFault = (
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null =>
  authority === "platform" || (change.kind !== "entry" && change.kind !== "account")
    ? null
    : addingFault(principal);

/** Where the settings let only admins add members, no other member adds a way in. */
export function addingFault(principal: Principal): Extract<AssignmentFault, { kind: "setting" }> | null {
  // The switch of the account acted on binds members of accounts above it, too.
  for (const {
    switches,
    preset: {
      switches: { admins },
    },
  } of [principal.home, principal]) {
    if (
      !switches.inviteOnlyAdmins ||
      admins === undefined ||
      principal.member.roles.some((role) => admins.includes(role))
    )
      continue;
    return {
      kind: "setting",
      setting: "inviteOnlyAdmins",
      detail: `inviteOnlyAdmins is on: only ${admins.join(" and ")} add members here.`,
    };
  }
  return null;
}

function powerFault(
  principal: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null {
  if (authority === "platform") return null;
  const { accountId, home, member, grantSet, preset, types } = principal;
  const giver: Giver = { preset: home.preset, roles: member.roles, grantSet };
  switch (change.kind) {
    case "member": {
      const gain = gainOf(change.before, change.after);
      return (
        assignmentFault(widens(gain) ? giver : null, change.asked, accountId, preset, types) ??
        groupFault(principal, gain.objectGroupIds)
      );
    }
    case "entry":
      return (
        assignmentFault(giver, change.access, accountId, preset, types) ??
        groupFault(principal, change.access.objectGroupIds)
      );
    case "role":
      return assignmentFault(giver, { ...NO_ASSIGNMENT, ...change.after }, accountId, preset, types);
    case "key":
      return change.memberId === principal.memberId || mayMakeKeyFor(giver, change.holdings, principal)
        ? null
        : denied(
            "This member has a role that you could not give, " +
              "or rights, grants or object groups beyond yours.",
          );
    case "account":
      return mayGive(home.preset, member.roles, [change.topRole])
        ? null
        : denied(`Its owner would have the role ${change.topRole}, which you may not give.`);
    case "hook":
    case "object":
    case "ownership":
    case "settings":
      return null;
  }
}

const groupFault = (
  { grantSet: { groups } }: Principal,
  gained: readonly string[],
): AssignmentFault | null =>
  groups === null || gained.every((id) => groups.has(id))
    ? null
    : denied("You give object groups of your own only.");

/**
 * A restricted account acts only while its plan has restricted accounts, so nothing is given to one without
 * it.
 */
function planFault(
  { account, preset }: Principal,
  change: AccessChange,
  authority: Authority,
): AssignmentFault | null {
  if (authority === "platform" || account.plan.restrictedAccounts) return null;
  switch (change.kind) {
    case "entry":
      return isRestricted(preset, change.access.roles) ? { kind: "plan" } : null;
    case "member":
      return givesMore(gainOf(change.before, change.after)) && isRestricted(preset, change.after.roles)
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
