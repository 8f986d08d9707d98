import type { GrantRow } from "../access/preset.ts";

/** A change that only takes away needs the authority to stop a member; everything else needs the power to give. */
export const takesOnly = (held: readonly string[], wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || (new Set(wanted).size === wanted.length && wanted.every((one) => held.includes(one)));

const nameOf = ({ resourceType, resourceId, access }: GrantRow): string => `${resourceType} ${resourceId} ${access}`;

/** The same for grants. Another level on the same object is another grant. */
export const takesGrantsOnly = (held: readonly GrantRow[], wanted: readonly GrantRow[]): boolean =>
  takesOnly(held.map(nameOf), wanted.map(nameOf));
