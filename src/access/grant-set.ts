import type { AccessLevel } from "../schema/team.ts";
import type { GrantSet, Reach } from "./decide.ts";
import { type GrantRow, PLATFORM_RIGHTS, type Preset, type Scope } from "./preset.ts";
import { isRight, type Right } from "./right.ts";
import type { TypeAccess, TypeTable, Verb } from "./type.ts";

/** The rows that a grant set is compiled from. */
export interface GrantSource {
  readonly memberId: string;
  readonly roles: readonly string[];
  /** Rights given to the member directly. */
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  readonly objectGroupIds: readonly string[];
  /** Rights that the key is narrowed to; null is no narrowing. */
  readonly scopes: readonly string[] | null;
}

interface Draft {
  all: boolean;
  own: boolean;
  active: boolean;
  readonly ids: Set<string>;
  readonly roots: Set<string>;
}

/** The wildcard of object groups. */
export const EVERY_GROUP = "all";

/**
 * roles ∪ direct rights ∪ grants ∪ what they derive, ∩ key scopes. A role, right, type or level that is not known gives
 * nothing. Pure: status, addresses, expiry and subscriptions are asked at each call.
 */
export function compile(source: GrantSource, preset: Preset, types: TypeTable): GrantSet {
  const drafts = new Map<Right, Draft>();
  const draft = (right: Right): Draft => {
    const found = drafts.get(right) ?? { all: false, own: false, active: false, ids: new Set<string>(), roots: new Set<string>() };
    drafts.set(right, found);
    return found;
  };

  for (const name of source.roles) {
    const role = Object.hasOwn(preset.roles, name) ? preset.roles[name] : undefined;
    for (const [right, scope] of Object.entries(role?.rights ?? {})) draft(right as Right)[scope as Scope] = true;
  }
  for (const right of source.rights) {
    // No tenant holds what belongs to whoever runs the deployment, whatever a row says.
    if (isRight(right) && (preset.model === "platform" || !PLATFORM_RIGHTS.includes(right))) draft(right).all = true;
  }
  for (const grant of source.grants) {
    const type = types.get(grant.resourceType);
    if (type !== undefined) addGrant(type, grant, draft);
  }

  const reaches = new Map<Right, Reach>();
  for (const [right, reach] of drafts) if (source.scopes === null || source.scopes.includes(right)) reaches.set(right, reach);
  return {
    memberId: source.memberId,
    reaches,
    groups: source.objectGroupIds.includes(EVERY_GROUP) ? null : new Set(source.objectGroupIds),
    groupedTypes: new Set(Array.from(types.values()).filter((type) => type.grouped).map((type) => type.name)),
  };
}

function addGrant(type: TypeAccess, grant: GrantRow, draft: (right: Right) => Draft): void {
  if (type.grants === "none" || (type.grants === "whole" && grant.resourceId !== "0")) return;
  const whole = grant.resourceId === "0";
  for (const right of rightsOf(type.name, type.levels, grant.access)) {
    if (whole) draft(right).all = true;
    else if (!right.endsWith(".create")) draft(right).ids.add(grant.resourceId);
  }
  for (const [below, levels] of Object.entries(type.derives)) {
    for (const right of rightsOf(below, levels, grant.access)) {
      if (whole) draft(right).all = true;
      else draft(right).roots.add(grant.resourceId);
    }
  }
}

const rightsOf = (type: string, levels: Readonly<Record<AccessLevel, readonly Verb[]>>, access: AccessLevel): Right[] =>
  (Object.hasOwn(levels, access) ? levels[access] : []).map((verb) => `${type}.${verb}`).filter(isRight);

/** True when everything that `inner` allows, `outer` allows too: nobody gives more than they hold. */
export function within(inner: GrantSet, outer: GrantSet): boolean {
  for (const [right, reach] of inner.reaches) {
    const held = outer.reaches.get(right);
    if (held === undefined || !reachWithin(reach, held)) return false;
  }
  return outer.groups === null || (inner.groups !== null && inner.groups.isSubsetOf(outer.groups));
}

function reachWithin(inner: Reach, outer: Reach): boolean {
  if (outer.all) return true;
  // What is "own" differs from member to member, so another's "own" is never within mine.
  if (inner.all || inner.own || (inner.active && !outer.active)) return false;
  return inner.ids.isSubsetOf(outer.ids) && inner.roots.isSubsetOf(outer.roots);
}
