import type { Levels } from "../resources/types/declaration.ts";
import type { AccountKind } from "./model.ts";

/**
 * The part of a resource type that decides access. The registry of resources hands all of them to the
 * compiler.
 */
export interface TypeAccess {
  /** The first half of its rights, such as `license_key`. */
  readonly name: string;
  /**
   * Whether grants on it may be given for one object, only for all at once ("0"), or not at all. "reach": for
   * one or all, and they only say which objects; what may be done with those is the role's. Such a grant is
   * always "view".
   */
  readonly grants: "each" | "whole" | "none" | "reach";
  /** What each level gives. `create` comes only with a grant on all. */
  readonly levels: Levels;
  /**
   * What a grant on this type gives on the types below it, for the objects whose root it is. Computed, never
   * stored.
   */
  readonly derives: Readonly<Record<string, Levels>>;
  /** Kept in object groups: members see those of their groups only. */
  readonly isGrouped: boolean;
  /** The type of the roots that its objects stand under, for roles that go by grants on those. */
  readonly rootType?: string;
  /** The type whose objects are granted under this name; by default the type itself. */
  readonly grantedType?: string;
  /**
   * Accounts of these kinds have none of their own: they see what the platform, or the account above them,
   * keeps.
   */
  readonly ownedBy?: Readonly<Partial<Record<AccountKind, "platform" | "parent">>>;
}

export type TypeTable = ReadonlyMap<string, TypeAccess>;
