import { contributions, type GrantSource } from "./contribution.ts";
import { decide, type GrantSet, refById, type Extent } from "./decision.ts";
import { type GrantRow, type Preset, PLATFORM_RIGHTS, type AccountTree } from "./preset.ts";
import type { Right } from "./right.ts";
import type { TypeTable } from "./resource-type.ts";

interface ExtentDraft {
  all: boolean;
  own: boolean;
  active: boolean;
  readonly ids: Set<string>;
  readonly roots: Set<string>;
  readonly inside: { ids: Set<string>; under: Set<string> }[];
}

/** The wildcard of object groups, and the group of the objects that are in no other. */
export const EVERY_GROUP = "all";

/**
 * What the rows give, ∩ key scopes. Pure: status, addresses, expiry and subscriptions are asked at each call.
 */
export function compileGrantSet(source: GrantSource, preset: Preset, types: TypeTable): GrantSet {
  const drafts = new Map<Right, ExtentDraft>();
  for (const { right, extent } of contributions(source, preset, types)) {
    // No tenant holds the operator's rights, even if a row lists them.
    if (preset.model !== "platform" && PLATFORM_RIGHTS.includes(right)) continue;
    if (source.scopes !== null && !source.scopes.includes(right)) continue;
    const draft = drafts.get(right) ?? {
      all: false,
      own: false,
      active: false,
      ids: new Set(),
      roots: new Set(),
      inside: [],
    };
    drafts.set(right, draft);
    if (extent.kind === "inside")
      draft.inside.push({ ids: new Set(extent.ids), under: new Set(extent.under) });
    else if (extent.kind === "id") draft.ids.add(extent.id);
    else if (extent.kind === "root") draft.roots.add(extent.id);
    else draft[extent.kind] = true;
  }
  const everyGroup =
    source.objectGroupIds.includes(EVERY_GROUP) ||
    source.roles.some((role) => preset.roles[role]?.seesEveryGroup);
  return {
    memberId: source.memberId,
    extents: new Map(Array.from(drafts, ([right, draft]) => [right, toExtent(draft)])),
    groups: everyGroup ? null : new Set(source.objectGroupIds),
    groupedTypes: groupedTypes(types),
  };
}

/**
 * Every grant of a member counts for every role of theirs, so one role's narrowing is the same as another's:
 * one is enough.
 */
function toExtent({ inside, ...draft }: ExtentDraft): Extent {
  const [first] = inside.filter(({ under }) => under.size > 0);
  return { ...draft, inside: first ?? null };
}

const groupedTypesCache = new WeakMap<TypeTable, ReadonlySet<string>>();

function groupedTypes(types: TypeTable): ReadonlySet<string> {
  const names =
    groupedTypesCache.get(types) ??
    new Set(
      Array.from(types.values())
        .filter((type) => type.isGrouped)
        .map((type) => type.name),
    );
  groupedTypesCache.set(types, names);
  return names;
}

/** What the right that leads to the accounts below shows there by itself, within the scopes of the key. */
export const rightsShownBelow = (
  { shownRights }: AccountTree,
  scopes: readonly string[] | null,
): readonly Right[] => (shownRights ?? []).filter((right) => scopes === null || scopes.includes(right));

const FULL_EXTENT: Extent = {
  all: true,
  own: false,
  active: false,
  ids: new Set(),
  roots: new Set(),
  inside: null,
};

/**
 * What a member may do in an account below their own: of their rights only those that hold there, and nothing
 * that single objects of the own account gave; with what the right that leads there shows. Object groups are
 * each account's own.
 */
export function compileGrantSetBelow(
  set: GrantSet,
  preset: Preset,
  scopes: readonly string[] | null = null,
): GrantSet {
  const reaches = new Map<Right, Extent>();
  for (const [right, reach] of set.extents) {
    if (preset.tree === null || !preset.tree.rights.has(right)) continue;
    if (right === preset.tree.reachingRight || reach.all) reaches.set(right, reach);
  }
  if (preset.tree !== null && set.extents.has(preset.tree.reachingRight)) {
    for (const right of rightsShownBelow(preset.tree, scopes)) reaches.set(right, FULL_EXTENT);
  }
  return { ...set, extents: reaches, groups: null };
}

/**
 * May a member who holds `set` in the account `homeId` act on the account `target` at all? The target is
 * below, and it or its parent is within the extent of the right that the model's tree goes by.
 */
export function canActOn(
  set: GrantSet,
  { tree }: Preset,
  homeId: string,
  target: { readonly id: string; readonly parentId: string | null },
  grandparentId: string | null,
): boolean {
  if (tree === null || target.parentId === null || (target.parentId !== homeId && grandparentId !== homeId))
    return false;
  const reached = (id: string) => decide(set, tree.reachingRight, refById(id)).allowed;
  return reached(target.id) || (target.parentId !== homeId && reached(target.parentId));
}

/** A grant may only say which objects. Does the holder of `set` see those objects, too? */
export function canSeeGrantTarget(
  set: GrantSet,
  { resourceType, resourceId }: GrantRow,
  types: TypeTable,
): boolean {
  if (types.get(resourceType)?.grants !== "reach") return true;
  const right = `${resourceType}.view` as Right;
  return (
    set.extents.get(right)?.all === true ||
    (resourceId !== "0" && decide(set, right, refById(resourceId)).allowed)
  );
}

/** True when `outer` allows everything that `inner` allows. So no member gives more than they hold. */
export function isGrantSubset(inner: GrantSet, outer: GrantSet): boolean {
  for (const [right, reach] of inner.extents) {
    const outerExtent = outer.extents.get(right);
    if (outerExtent === undefined || !isExtentSubset(reach, outerExtent)) return false;
  }
  return outer.groups === null || inner.groups?.isSubsetOf(outer.groups) === true;
}

function isExtentSubset(inner: Extent, outer: Extent): boolean {
  if (outer.all) return true;
  // What is "own" differs from member to member, so another's "own" is never within mine.
  if (inner.all || inner.own || inner.inside !== null || (inner.active && !outer.active)) return false;
  return inner.ids.isSubsetOf(outer.ids) && inner.roots.isSubsetOf(outer.roots);
}
