import { type Assignment, assignmentFault, type AssignmentFault, type Giver } from "../access/assignment.ts";
import { compile, within } from "../access/grant-set.ts";
import { isCustomRole, mayGive } from "../access/invite.ts";
import { type GrantRow, isRestricted } from "../access/preset.ts";
import { type Holdings, mayMakeKeyFor } from "./holdings.ts";
import { type Access, gainOf, givesMore, newGrants, NO_ASSIGNMENT, widens } from "./access-gain.ts";
import { isPlatformAt } from "./authority.ts";
import { type KeyRestriction, restrictionOf, UNRESTRICTED, widerThan } from "./key-restriction.ts";
import type { Principal } from "./principal.ts";

type RoleContent = Pick<Assignment, "rights" | "grants">;

/**
 * A change of what anybody may do. `asked`: what the caller named, in the order in which faults point at it.
 */
export type AccessChange =
  /** A member who is there. */
  | {
      readonly kind: "member";
      readonly memberId: string;
      readonly before: Access;
      readonly after: Access;
      readonly asked: Assignment;
    }
  /** A way in as a new member: an invitation, a link. */
  | { readonly kind: "entry"; readonly memberId: string; readonly access: Access }
  /** An API key, or the claim that one is made by. */
  | {
      readonly kind: "key";
      readonly memberId: string;
      readonly holdings: Holdings;
      readonly terms: KeyRestriction;
    }
  /** A custom role: everyone who has it is concerned. */
  | {
      readonly kind: "role";
      readonly roleId: string;
      readonly before: RoleContent;
      readonly after: RoleContent;
    }
  /** Its messages act with all that its owner has. Switched off or renamed, it does no more than before. */
  | { readonly kind: "hook"; readonly hookId: string; readonly doesMore: boolean }
  /** A new account, and the way in of its owner. */
  | {
      readonly kind: "account";
      readonly accountId: string;
      readonly ownerId: string;
      readonly topRole: string;
    }
  /** Another owner of an account: by the offer of the present one, or by the platform. */
  | { readonly kind: "ownership"; readonly memberId: string }
  /**
   * Rules of an account that held members back: where they call from, whom they add, which keys they make.
   */
  | { readonly kind: "settings"; readonly accountId: string; readonly loosens: boolean }
  /** Objects that other members come to reach: another owner, another group. */
  | { readonly kind: "object"; readonly id: string };

/** By what the giver gives: as a member of the account or of one above it, or as the platform. */
export type Authority = "member" | "platform";

/**
 * Proof that a change of access was allowed. Each store that writes access demands one for the row that it
 * writes; only this file makes them.
 */
export class Permit {
  readonly #subjects: readonly string[];

  constructor(subjects: readonly string[]) {
    this.#subjects = subjects;
  }

  /** @throws Error when the permit was given for another row: a bug */
  requireFor(id: string): void {
    if (!this.#subjects.includes(id)) throw new Error("this permit is for another row");
  }
}

/** The rows that a change writes. */
function subjectsOf(change: AccessChange): string[] {
  switch (change.kind) {
    case "member":
    case "entry":
    case "key":
    case "ownership":
      return [change.memberId];
    case "role":
      return [change.roleId];
    case "hook":
      return [change.hookId];
    case "account":
      return [change.accountId, change.ownerId];
    case "object":
      return [change.id];
    case "settings":
      return [change.accountId];
  }
}

/** May this principal make this change? Checks stand in the order in which they decide. */
export function decidePermit(
  principal: Principal,
  change: AccessChange,
  asked: Authority,
): Permit | AssignmentFault {
  const authority = isPlatformAt(principal) ? "platform" : asked;
  const fault =
    switchFault(principal, change, authority) ??
    powerFault(principal, change, authority) ??
    selfFault(principal, change) ??
    restrictionFault(principal, change, authority) ??
    planFault(principal, change, authority);
  return fault ?? new Permit(subjectsOf(change));
}

const denied = (detail: string): AssignmentFault => ({ kind: "denied", detail });

type Where = Pick<Principal, "accountId" | "preset" | "types">;

const compiled = ({ accountId, preset, types }: Where, memberId: string, access: Holdings) =>
  compile({ ...access, memberId, accountId, scopes: null }, preset, types);

/** A member who is about to lose a right would keep it under another name. */
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
  // A right that is held already would outlast the role that gives it.
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

/** A restricted key gives nothing that is not restricted in the same way. */
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
    `The key of this call is restricted in ${by}, and what it gives would not be. Use an unrestricted key, or sign in.`,
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
            "This member has a role that you could not give, or rights, grants or object groups beyond yours.",
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
