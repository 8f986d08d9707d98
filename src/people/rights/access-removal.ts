import { isDistinct } from "../../kernel/distinct.ts";
import type { GrantRow } from "../../access/preset.ts";

/**
 * Does a change only take away? That needs the authority to stop a member; all else needs the power to give.
 */
export const isRemovalOnly = (held: readonly string[], requested: readonly string[] | undefined): boolean =>
  requested === undefined || (isDistinct(requested) && requested.every((one) => held.includes(one)));

const grantName = ({ resourceType, resourceId, access }: GrantRow): string =>
  `${resourceType} ${resourceId} ${access}`;

/** The same for grants. Another level on the same object is another grant. */
export const isGrantRemovalOnly = (held: readonly GrantRow[], requested: readonly GrantRow[]): boolean =>
  isRemovalOnly(held.map(grantName), requested.map(grantName));
