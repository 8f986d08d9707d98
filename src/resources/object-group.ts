import { EVERY_GROUP } from "../access/grant-set.ts";
import type { ResourceType, StoredType } from "./resource-type.ts";

/** The type of the groups themselves. */
export const GROUP_TYPE = "object_group";

/** The member of a body that names the group of a new object. */
export const GROUP_FIELD = ["groupId", GROUP_TYPE] as const;

/** Objects at the top are put in a group; what belongs to them is where they are. */
export const hasOwnGroup = (type: ResourceType, stored: StoredType): boolean =>
  type.isGrouped && Object.keys(stored.parents).length === 0;

/** "all" is no object that could be looked up. */
export const nullIfEveryGroup = (id: string | null): string | null => (id === EVERY_GROUP ? null : id);

/**
 * The group of a new object: the one that is named; else the only group of its maker, or "all" if the maker
 * sees every group. Null: the maker has none. @param groups of the maker; null is every group
 */
export function chooseGroup(
  requested: string | null,
  groups: ReadonlySet<string> | null,
): string | "unclear" | null {
  if (requested !== null) return requested;
  if (groups === null) return EVERY_GROUP;
  if (groups.size > 1) return "unclear";
  return groups.values().next().value ?? null;
}
