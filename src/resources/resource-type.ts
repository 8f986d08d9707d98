import type { z } from "zod";
import type { TypeAccess } from "../access/resource-type.ts";
import type { Right } from "../access/right.ts";
import type { IdKind } from "../kernel/id.ts";
import { lookAlikeKeys } from "../kernel/text/look-alike.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";

/**
 * A resource type as one file declares it. The generic store and routes do the rest: CRUD, lists, rights,
 * trail, If-Match, pages. A type without `path` has rights and grants, and routes of its own elsewhere.
 */
export interface ResourceType extends TypeAccess {
  /** What people call it, in the plural. */
  readonly title: string;
  readonly stored: StoredType | null;
}

/** How a row is shown in the account that a call acts on, where that differs from how it is kept. */
export type RowView = (row: ResourceRow) => ResourceRow;

/** The attribute under which a name is kept as it is compared: never shown. */
export const NAME_KEYS = "#nameKeys";

/** What names are compared by, beside the name. */
export const withNameKeys = ({ name }: Readonly<Record<string, unknown>>) => ({
  [NAME_KEYS]: lookAlikeKeys(String(name)),
});

export interface StoredType {
  /** Below /v1. */
  readonly path: string;
  readonly id: IdKind;
  readonly attributes: z.ZodObject;
  /** The attribute that a list shows as its name. */
  readonly nameAttribute: string;
  /** Attributes that open doors: the trail shows their last four characters. */
  readonly masked: readonly string[];
  /**
   * Only holders of one of these rights are shown what is masked; others see its last four characters, too.
   */
  readonly unmaskingRights?: readonly Right[];
  /**
   * Members of the body that name the object it belongs to, each with its type: exactly one must be sent,
   * none ever changes.
   */
  readonly parents: Readonly<Record<string, string>>;
  /**
   * A member that names another object without belonging to it; the caller must be allowed to view that one.
   */
  readonly reference: {
    readonly field: string;
    readonly type: string;
    readonly embedded: EmbeddedType | null;
  } | null;
  /** An attribute that names an account below, or null; the caller must be allowed to view that one. */
  readonly organizationAttribute?: string;
  readonly generated: GeneratedType | null;
  /** What follows from the other attributes, also after a change; shown with what is generated. */
  readonly computeAttributes?: (
    attributes: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, unknown>>;
  /** The status of a new object: "active" by default. */
  readonly initialStatus?: string;
  /** PATCH only in one of these; in any other it is too late (409). */
  readonly editableStatuses?: readonly string[];
  /** Attributes that change no more once something of these types belongs to it (409). */
  readonly fixed?: { readonly attributes: readonly string[]; readonly by: readonly string[] };
  /** Changes that the generic routes do not offer here: they have routes of their own, or do not exist. */
  readonly omittedRoutes?: readonly ("create" | "edit" | "delete")[];
  /** Attributes that only holders of a right see. They are in no trail. */
  readonly confidential?: { readonly right: Right; readonly attributes: readonly string[] };
  /** Attributes by whose exact value a list can be filtered. */
  readonly filters?: readonly string[];
  /** What no two objects of the type in an account may have alike; null where it does not matter. */
  readonly uniqueKeyOf?: (
    attributes: Readonly<Record<string, unknown>>,
    parentId: string | null,
    referenceId: string | null,
  ) => string | null;
  /**
   * No two of them in an account have names that a reader takes for the same; `computed` must be
   * `withNameKeys`.
   */
  readonly requiresDistinctNames?: true;
  /**
   * A parent that the caller may not work in is reported as a missing right; so is one that does not exist.
   */
  readonly hidesMissingParent?: true;
  /** What it belongs to must be active when it is made; else it is too late (409). */
  readonly requiresActiveParent?: true;
  /** Its owner is shown: that need not be its maker. */
  readonly showsOwner?: true;
  /** Its owner may be made another member by `PUT …/owner`. */
  readonly hasAssignableOwner?: true;
  /** Credits that a new object costs, by the object it belongs to. */
  readonly price?: (parent: ResourceRow) => number;
  readonly actions?: readonly ResourceAction[];
}

/** `POST /v1/<path>/:id/<name>`: something that is done with an object beside changing its attributes. */
export interface ResourceAction {
  readonly name: string;
  /** The right is `<type>.<verb>`. */
  readonly verb: string;
  readonly summary: string;
  readonly body: z.ZodObject;
  /** Pure: what becomes of the object, or why that is not possible now (409). */
  readonly run: (
    row: ResourceRow,
    body: Readonly<Record<string, unknown>>,
    at: { readonly now: number; readonly memberId: string },
  ) => AttributeChange | { readonly conflict: string };
  /** Credits, by the object that it belongs to. */
  readonly price?: (parent: ResourceRow) => number;
}

/**
 * Attributes that get a new value, and the new status if it changes. Other attributes keep the value that
 * they have when it is written.
 */
export interface AttributeChange {
  readonly set: Readonly<Record<string, unknown>>;
  readonly status: string | null;
}

/** What the server makes for a new object. */
export interface GeneratedType {
  /** Kept with the attributes and shown with them. */
  readonly storedFields: z.ZodObject;
  /** Answered when it is made and never again. */
  readonly shownOnce: z.ZodObject;
  readonly make: (random: Uint8Array, account: { readonly ownerMemberId: string }) => GeneratedValues;
}

/**
 * The referenced object may be made in the same call: always a new one, so that the answer reveals nothing of
 * others.
 */
export interface EmbeddedType {
  readonly field: string;
  readonly type: string;
}

export interface GeneratedValues {
  /** Kept; a name that begins with "#" is never shown. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly shown: Readonly<Record<string, unknown>>;
}

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
