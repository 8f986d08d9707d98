import type { z } from "zod";
import type { TypeAccess } from "../access/type.ts";
import type { IdKind } from "../kernel/id.ts";

/**
 * A resource type as one file declares it. The generic store and routes do the rest: CRUD, lists, rights, trail,
 * If-Match, pages. A type without `path` has rights and grants, and routes of its own elsewhere.
 */
export interface ResourceType extends TypeAccess {
  /** What people call it, in the plural. */
  readonly title: string;
  readonly stored: StoredType | null;
}

export interface StoredType {
  /** Below /v1. */
  readonly path: string;
  readonly id: IdKind;
  readonly attributes: z.ZodObject;
  /** The attribute that a list shows as its name. */
  readonly label: string;
  /** Attributes that open doors: the trail shows their last four characters. */
  readonly masked: readonly string[];
  /** Members of the body that name the object it belongs to, each with its type: exactly one must be sent, none ever changes. */
  readonly parents: Readonly<Record<string, string>>;
  /** A member that names another object without belonging to it; the caller must be allowed to view that one. */
  readonly reference: { readonly member: string; readonly type: string; readonly embedded: EmbeddedType | null } | null;
  readonly generated: GeneratedType | null;
}

/** What the server makes for a new object. */
export interface GeneratedType {
  /** Kept with the attributes and shown with them. */
  readonly kept: z.ZodObject;
  /** Answered when it is made and never again. */
  readonly once: z.ZodObject;
  readonly make: (random: Uint8Array) => Generated;
}

/** The referenced object may be made in the same call: always a new one, so that the answer reveals nothing of others. */
export interface EmbeddedType {
  readonly member: string;
  readonly type: string;
}

export interface Generated {
  /** Kept; a name that begins with "#" is never shown. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly shown: Readonly<Record<string, unknown>>;
}
