import type { Assignment } from "../../access/assignment.ts";
import type { GrantRow } from "../../access/preset.ts";
import type { Holdings } from "../principals/holdings.ts";
import { ACCESS_LEVELS, type LimitPeriod } from "../../kernel/schema/team.ts";

/** What a member may do, and from where. */
export interface MemberAccess extends Assignment, Holdings {
  /** Canonical rules; none is every address. */
  readonly allowedIps: readonly string[];
  /** Not blocked. */
  readonly isUnblocked: boolean;
  readonly limitPeriod: LimitPeriod;
}

/** What a member has after the change and did not have before. */
export interface Gain {
  readonly roles: readonly string[];
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  readonly objectGroupIds: readonly string[];
  /** Unblocked, with all that the member has. */
  readonly isUnblocked: boolean;
  readonly isFromMoreAddresses: boolean;
  readonly isLimitRaised: boolean;
}

export const NO_ASSIGNMENT: Assignment = {
  roles: [],
  customRoles: [],
  rights: [],
  grants: [],
  creditLimit: null,
};

/** A member who is not there yet. */
export const NO_ACCESS: MemberAccess = {
  ...NO_ASSIGNMENT,
  objectGroupIds: [],
  allowedIps: [],
  isUnblocked: false,
  limitPeriod: "lifetime",
};

const coversGrant = (held: GrantRow, grant: GrantRow): boolean =>
  held.resourceType === grant.resourceType &&
  held.resourceId === grant.resourceId &&
  ACCESS_LEVELS.indexOf(held.access) >= ACCESS_LEVELS.indexOf(grant.access);

/** Grants that were not there before, or not at this level. */
export const newGrants = (before: readonly GrantRow[], after: readonly GrantRow[]): GrantRow[] =>
  after.filter((grant) => !before.some((held) => coversGrant(held, grant)));

const addedOnes = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((one) => !before.includes(one));

/** Does a list that admits everything when it is empty admit more than before? */
export const admitsMoreAddresses = (before: readonly string[], after: readonly string[]): boolean =>
  before.length > 0 && (after.length === 0 || addedOnes(before, after).length > 0);

/** A limit of a shorter period is full again sooner. */
const isShorter = (one: LimitPeriod, two: LimitPeriod): boolean =>
  BY_LENGTH.indexOf(one) < BY_LENGTH.indexOf(two);
const BY_LENGTH: readonly LimitPeriod[] = ["day", "week", "month", "lifetime"];

export const gainOf = (before: MemberAccess, after: MemberAccess): Gain => ({
  roles: addedOnes(before.roles, after.roles),
  rights: addedOnes(before.rights, after.rights),
  grants: newGrants(before.grants, after.grants),
  objectGroupIds: addedOnes(before.objectGroupIds, after.objectGroupIds),
  isUnblocked: after.isUnblocked && !before.isUnblocked,
  isFromMoreAddresses: admitsMoreAddresses(before.allowedIps, after.allowedIps),
  isLimitRaised:
    before.creditLimit !== null &&
    (after.creditLimit === null ||
      after.creditLimit > before.creditLimit ||
      isShorter(after.limitPeriod, before.limitPeriod)),
});

/** Does the member gain access? Where they call from and what they may spend do not count. */
export const addsAccess = ({ roles, rights, grants, objectGroupIds, isUnblocked }: Gain): boolean =>
  isUnblocked || [roles, rights, grants, objectGroupIds].some((given) => given.length > 0);

export const widensAccess = (gain: Gain): boolean =>
  addsAccess(gain) || gain.isFromMoreAddresses || gain.isLimitRaised;
