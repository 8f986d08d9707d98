import type { TypeAccess } from "../access/resource-type.ts";
import type { Right } from "../access/right.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import type { StoredDeclaration } from "./types/declaration.ts";

/** A resource type as the generic store and routes know it, whichever it is. */
export interface ResourceType extends TypeAccess {
  /** What people call it, in the plural. */
  readonly title: string;
  /** What one of them is called, where that is not its name. */
  readonly noun?: string;
  readonly stored: StoredType | null;
}

export type StoredType = StoredDeclaration<string, Right>;

/** How a row is shown in the account that a call acts on, where that differs from how it is kept. */
export type RowView = (row: ResourceRow) => ResourceRow;

/** `product.view` of a type and a verb. */
export const rightOf = (type: Pick<ResourceType, "name">, verb: string): Right =>
  `${type.name}.${verb}` as Right;

/** The attributes of the type that a body sends. */
export const attributesOf = (
  stored: StoredType,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => Object.hasOwn(stored.attributes.shape, name)));

/** The referenced object that a body names. Undefined: the body does not say. */
export const referenceIdIn = (
  stored: StoredType,
  body: Readonly<Record<string, unknown>>,
): string | null | undefined =>
  stored.reference === null ? undefined : (body[stored.reference.field] as string | null | undefined);
