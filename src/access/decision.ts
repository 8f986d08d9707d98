import { type Right, resourceTypeOf } from "./right.ts";

/**
 * How far a right goes. An object is reached when any of these holds; `all` holds for objects made later too.
 * It holds nothing that changes with time.
 */
export interface Extent {
  readonly all: boolean;
  /** Only what the member owns. */
  readonly own: boolean;
  /** Only what is in status "active". */
  readonly active: boolean;
  /** Single objects. */
  readonly ids: ReadonlySet<string>;
  /** Everything under these top objects. */
  readonly roots: ReadonlySet<string>;
  /** Own objects and `ids`, as far as they stand under `under`. */
  readonly inside: { readonly ids: ReadonlySet<string>; readonly under: ReadonlySet<string> } | null;
}

/** All that a member may do, compiled from rows; valid as long as its stamp holds. */
export interface GrantSet {
  readonly memberId: string;
  readonly extents: ReadonlyMap<Right, Extent>;
  /** For types that are kept in object groups: the groups the member sees; null is every group. */
  readonly groups: ReadonlySet<string> | null;
  readonly groupedTypes: ReadonlySet<string>;
}

/** What a decision needs to know of an object. An object that is yet to be made has an empty id. */
export interface ResourceRef {
  readonly id: string;
  readonly rootId: string | null;
  readonly ownerId: string | null;
  readonly groupId: string | null;
  readonly status: string;
}

/** A reference for types that are decided by id and status alone (no root, owner or group). */
export const refById = (id: string, status = ""): ResourceRef => ({
  id,
  rootId: null,
  ownerId: null,
  groupId: null,
  status,
});

/** A member as an object: it is its own owner. */
export const memberRef = (id: string): ResourceRef => ({
  id,
  rootId: null,
  ownerId: id,
  groupId: null,
  status: "active",
});

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly because: "no_right" | "other_group" | "out_of_reach" };

const ALLOWED: Decision = { allowed: true };
const NO_RIGHT: Decision = { allowed: false, because: "no_right" };
const OTHER_GROUP: Decision = { allowed: false, because: "other_group" };
const OUT_OF_REACH: Decision = { allowed: false, because: "out_of_reach" };

/**
 * May this member use this right on this object? Without an object: on anything of the type at all? Default
 * is no.
 */
export function decide(set: GrantSet, right: Right, on?: ResourceRef): Decision {
  const reach = set.extents.get(right);
  if (reach === undefined) return NO_RIGHT;
  if (on === undefined) return ALLOWED;
  if (
    set.groups !== null &&
    set.groupedTypes.has(resourceTypeOf(right)) &&
    !(on.groupId !== null && set.groups.has(on.groupId))
  ) {
    return OTHER_GROUP;
  }
  return isInExtent(reach, set.memberId, on) ? ALLOWED : OUT_OF_REACH;
}

const isInExtent = (reach: Extent, memberId: string, on: ResourceRef): boolean =>
  reach.all ||
  (reach.ids.size > 0 && reach.ids.has(on.id)) ||
  (reach.roots.size > 0 && on.rootId !== null && reach.roots.has(on.rootId)) ||
  (reach.own && on.ownerId === memberId) ||
  (reach.active && on.status === "active") ||
  (reach.inside !== null &&
    on.rootId !== null &&
    reach.inside.under.has(on.rootId) &&
    (on.ownerId === memberId || reach.inside.ids.has(on.id)));

/** The same question for a list: which rows of a type a right reaches. A store turns it into SQL. */
export type AccessFilter =
  | { readonly kind: "none" }
  | {
      readonly kind: "some";
      readonly reach: Extent;
      readonly memberId: string;
      readonly groups: ReadonlySet<string> | null;
    };

export function accessFilter(set: GrantSet, right: Right): AccessFilter {
  const reach = set.extents.get(right);
  if (reach === undefined) return { kind: "none" };
  return {
    kind: "some",
    reach,
    memberId: set.memberId,
    groups: set.groupedTypes.has(resourceTypeOf(right)) ? set.groups : null,
  };
}
