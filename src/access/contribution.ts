import type { AccessLevel } from "../kernel/schema/team.ts";
import type { Levels } from "../resources/types/declaration.ts";
import { type GrantRow, OWNER_RIGHTS, type Preset, type RoleScope } from "./preset.ts";
import { isRight, type Right, resourceTypeOf } from "./right.ts";
import type { TypeAccess, TypeTable } from "./resource-type.ts";

/** A role that an account made for itself: rights and grants under a name. */
export interface CustomRole {
  readonly key: string;
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
}

/** The rows that a grant set is compiled from. */
export interface GrantSource {
  readonly memberId: string;
  /** The member's own account. */
  readonly accountId: string;
  readonly roles: readonly string[];
  /** Those of the account that the member has. */
  readonly customRoles: readonly CustomRole[];
  /** Rights given to the member directly. */
  readonly rights: readonly string[];
  readonly grants: readonly GrantRow[];
  readonly objectGroupIds: readonly string[];
  /** The member owns the account. */
  readonly isOwner?: boolean;
  /** Rights that the key is narrowed to; null is no narrowing. */
  readonly scopes: readonly string[] | null;
}

/** One reason for which a right holds somewhere. */
export interface Contribution {
  readonly right: Right;
  readonly extent:
    | { readonly kind: "all" | "own" | "active" }
    /** One object, or everything under one root. */
    | { readonly kind: "id" | "root"; readonly id: string }
    /** Own objects and `ids`, as far as they stand under the roots `under`. */
    | { readonly kind: "inside"; readonly ids: readonly string[]; readonly under: readonly string[] };
  /**
   * `ownership` · `role:admin` · `right` · `grant:product:edit:0` · `derived:product:edit:0` · the last two
   * with ` role:rol_…` in front
   */
  readonly source: string;
}

/**
 * Everything that the rows give, with where it comes from: ownership ∪ roles ∪ direct rights ∪ grants ∪ what
 * they derive. A role, right, type or level that the model does not know gives nothing.
 */
export function contributions(source: GrantSource, preset: Preset, types: TypeTable): Contribution[] {
  const found: Contribution[] = [];
  const add = (right: string, reach: Contribution["extent"], from: string) => {
    if (isRight(right) && preset.rights.has(right)) found.push({ right, extent: reach, source: from });
  };
  const grants = [...source.grants, ...source.customRoles.flatMap((role) => role.grants)];
  if (source.isOwner === true) for (const right of OWNER_RIGHTS) add(right, { kind: "all" }, "ownership");
  for (const name of source.roles) {
    const role = Object.hasOwn(preset.roles, name) ? preset.roles[name] : undefined;
    for (const [right, scope] of Object.entries(role?.rights ?? {})) {
      for (const reach of extentsOf(right as Right, scope as RoleScope, source.accountId, grants, types))
        add(right, reach, `role:${name}`);
    }
  }
  for (const right of source.rights) add(right, { kind: "all" }, "right");
  for (const grant of source.grants) addGrant(types, grant, "", add);
  for (const role of source.customRoles) {
    for (const right of role.rights) add(right, { kind: "all" }, `role:${role.key}`);
    for (const grant of role.grants) addGrant(types, grant, `role:${role.key} `, add);
  }
  return found;
}

/** A role's scope in terms of what a member with these grants reaches. */
function extentsOf(
  right: Right,
  scope: RoleScope,
  accountId: string,
  grants: readonly GrantRow[],
  types: TypeTable,
): Contribution["extent"][] {
  const name = resourceTypeOf(right);
  const ids = grantedIds(grants, name);
  const under = types.get(name)?.rootType ?? "";
  switch (scope) {
    case "all":
    case "own":
    case "active":
      return [{ kind: scope }];
    case "home":
      return [{ kind: "id", id: accountId }];
    case "granted":
      return extentsOfIds("id", ids);
    case "below":
      return [...extentsOfIds("id", ids), ...extentsOfIds("root", grantedIds(grants, under))];
    case "own_or_granted":
      return [{ kind: "own" }, ...extentsOfIds("id", ids)];
    case "own_or_granted_in": {
      const roots = grantedIds(grants, under);
      return roots.includes("0")
        ? [{ kind: "own" }, ...extentsOfIds("id", ids)]
        : [
            { kind: "inside", ids: ids.includes("0") ? [] : ids, under: roots },
            ...(ids.includes("0") ? extentsOfIds("root", roots) : []),
          ];
    }
  }
}

const grantedIds = (grants: readonly GrantRow[], type: string): string[] =>
  grants.filter((grant) => grant.resourceType === type).map((grant) => grant.resourceId);

/** A right without any grant yet is still a right, on no object. So a list is empty then, not refused. */
function extentsOfIds(kind: "id" | "root", ids: readonly string[]): Contribution["extent"][] {
  if (ids.includes("0")) return [{ kind: "all" }];
  return ids.length === 0 ? [{ kind: "inside", ids: [], under: [] }] : ids.map((id) => ({ kind, id }));
}

type AddContribution = (right: string, reach: Contribution["extent"], source: string) => void;

function addGrant(types: TypeTable, grant: GrantRow, sourcePrefix: string, add: AddContribution): void {
  const { resourceType, resourceId, access } = grant;
  const type = types.get(resourceType);
  const isWhole = resourceId === "0";
  if (
    type === undefined ||
    type.grants === "none" ||
    type.grants === "reach" ||
    (type.grants === "whole" && !isWhole)
  )
    return;
  for (const right of levelRights(type, type.levels, access)) {
    if (isWhole) add(right, { kind: "all" }, `${sourcePrefix}grant:${resourceType}:${access}:0`);
    else if (!right.endsWith(".create"))
      add(
        right,
        { kind: "id", id: resourceId },
        `${sourcePrefix}grant:${resourceType}:${access}:${resourceId}`,
      );
  }
  for (const [name, levels] of Object.entries(type.derives)) {
    for (const right of levelRights({ name }, levels, access)) {
      add(
        right,
        isWhole ? { kind: "all" } : { kind: "root", id: resourceId },
        `${sourcePrefix}derived:${resourceType}:${access}:${resourceId}`,
      );
    }
  }
}

const levelRights = (type: Pick<TypeAccess, "name">, levels: Levels, access: AccessLevel): string[] =>
  (Object.hasOwn(levels, access) ? levels[access] : []).map((verb) => `${type.name}.${verb}`);
