import { RIGHT_NAMES, type Right } from "./right.ts";

/** How far a role's right goes: all objects, the member's own, or those in status "active". */
export type Scope = "all" | "own" | "active";

export interface Role {
  readonly rank: number;
  readonly rights: Readonly<Partial<Record<Right, Scope>>>;
  /** Roles that whoever has this one may give, and whose holders they may edit, block and make keys for. */
  readonly mayInvite: readonly string[];
  /** A member with this role may have a credit limit of their own. */
  readonly creditLimit: boolean;
  /** May make API keys for themselves where the account says that members may. */
  readonly ownKeys: boolean;
}

export interface GrantRow {
  readonly resourceType: string;
  readonly resourceId: string;
  readonly access: "view" | "edit" | "owner";
}

/** An access model as data. Tests read the same table that the program runs. */
export interface Preset {
  readonly model: string;
  /** At least one active member must hold it; the account's owner always does. */
  readonly topRole: string;
  readonly roles: Readonly<Record<string, Role>>;
  /** Roles that act only while the plan has restricted accounts. */
  readonly restrictedRoles: readonly string[];
  readonly bundles: Readonly<Record<string, readonly GrantRow[]>>;
}

/** Rights that only the platform account's members hold. */
export const PLATFORM_RIGHTS: readonly Right[] = ["account.create", "account.manage", "credits.grant"];

export const EVERYTHING: Role["rights"] = Object.fromEntries(
  RIGHT_NAMES.filter((right) => !PLATFORM_RIGHTS.includes(right)).map((right) => [right, "all"]),
);

/**
 * Does a member with these roles act only while the plan has restricted accounts? Whoever has a restricted role; and, in a
 * model with such roles, whoever has none at all, because rights and grants alone make the same restricted account.
 */
export const isRestricted = (preset: Preset, roles: readonly string[]): boolean =>
  preset.restrictedRoles.length > 0 && (roles.length === 0 || roles.some((role) => preset.restrictedRoles.includes(role)));

type Cell = Scope | null;

/** Turns a table of right × role, as the policy is written, into the rights of one role (a column). */
export const column = (table: Readonly<Partial<Record<Right, readonly Cell[]>>>, index: number): Role["rights"] =>
  Object.fromEntries(Object.entries(table).flatMap(([right, cells]) => (cells[index] ? [[right, cells[index]]] : [])));
