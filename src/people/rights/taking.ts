import type { GrantRow } from "../../access/preset.ts";

const isDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;

/**
 * Does a change only take away? That needs the authority to stop a member; all else needs the power to give.
 */
export const takesOnly = (held: readonly string[], wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || (isDistinct(wanted) && wanted.every((one) => held.includes(one)));

const nameOf = ({ resourceType, resourceId, access }: GrantRow): string =>
  `${resourceType} ${resourceId} ${access}`;

/** The same for grants. Another level on the same object is another grant. */
export const takesGrantsOnly = (held: readonly GrantRow[], wanted: readonly GrantRow[]): boolean =>
  takesOnly(held.map(nameOf), wanted.map(nameOf));
