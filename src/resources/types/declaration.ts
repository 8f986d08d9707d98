import type { z } from "zod";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import type { AccessLevel } from "../../kernel/schema/team.ts";
import { lookAlikeKeys } from "../../kernel/text/look-alike.ts";
import type { Message } from "../../kernel/messages/message.ts";

/** What rights are about: `product` of `product.view`. An area without objects is no type. */
export interface Area<Verb extends string = string> {
  /** The first half of its rights, such as `license_key`. */
  readonly name: string;
  /** The second half of each right, with what it lets one do. */
  readonly rights: Readonly<Record<Verb, string>>;
}

/** What each level of a grant gives. `create` comes only with a grant on all. */
export type Levels<Verb extends string = string> = Readonly<Record<AccessLevel, readonly Verb[]>>;

/** view ⊂ edit ⊂ owner. */
export const LEVELS = {
  view: ["view"],
  edit: ["view", "edit"],
  owner: ["view", "edit", "create", "delete"],
} as const satisfies Levels;

/** A type whose grants give nothing by themselves. */
export const NO_LEVELS = { view: [], edit: [], owner: [] } as const satisfies Levels;

/**
 * A resource type as one file declares it. Its rights and the prefix of its ids are known by this alone. A
 * type that is not stored has rights and grants, and routes of its own elsewhere.
 */
export type TypeDeclaration<Verb extends string = string> = Area<Verb> &
  GrantDeclaration<Verb> & {
    /** What people call it, in the plural. */
    readonly title: string;
    /** What one of them is called, where that is not its name. */
    readonly noun?: string;
    /**
     * What a grant on this type gives on the types below it, for the objects whose root it is. Computed,
     * never stored.
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
    readonly ownedBy?: Readonly<Record<string, "platform" | "parent">>;
    readonly stored: StoredDeclaration<Verb> | null;
  };

/**
 * Whether grants on it may be given for one object, only for all at once ("0"), or not at all. "reach": for
 * one or all, and they only say which objects; what may be done with those is the role's. Such a grant is
 * always "view". Levels of a type without grants give nothing.
 */
type GrantDeclaration<Verb extends string> =
  | { readonly grants: "each" | "whole" | "reach"; readonly levels: Levels<Verb> }
  | { readonly grants: "none"; readonly levels: Levels };

/** A type as it is written. A verb in its levels or actions that is no right of it does not compile. */
export const declareType = <const Verb extends string, const Type extends TypeDeclaration<Verb>>(
  type: Type & Area<Verb>,
): Type => type;

/** The attribute under which a name is kept as it is compared: never shown. */
export const NAME_KEYS = "#nameKeys";

/** What names are compared by, beside the name. */
export const withNameKeys = ({ name }: Readonly<Record<string, unknown>>) => ({
  [NAME_KEYS]: lookAlikeKeys(String(name)),
});

/**
 * How the objects of a type are stored. The generic store and routes do the rest: CRUD, lists, rights, trail,
 * If-Match, pages.
 */
export interface StoredDeclaration<Verb extends string = string, AnyRight extends string = string> {
  /** Below /v1. */
  readonly path: string;
  /** Three letters that begin the id of each object, and of no other kind of object. */
  readonly idPrefix: string;
  readonly attributes: z.ZodObject;
  /** The attribute that a list shows as its name. */
  readonly nameAttribute: string;
  /** Attributes that open doors: the trail shows their last four characters. */
  readonly masked: readonly string[];
  /**
   * Only holders of one of these rights are shown what is masked; others see its last four characters, too.
   */
  readonly unmaskingRights?: readonly AnyRight[];
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
  readonly confidential?: { readonly right: AnyRight; readonly attributes: readonly string[] };
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
  readonly actions?: readonly ResourceAction<Verb>[];
}

/** `POST /v1/<path>/:id/<name>`: something that is done with an object beside changing its attributes. */
export interface ResourceAction<Verb extends string = string> {
  readonly name: string;
  /** The right is `<type>.<verb>`. */
  readonly verb: Verb;
  /** What it is called in the description, where its name alone is taken there by another operation. */
  readonly operation?: string;
  /** @param object such as "an invoice" */
  readonly summary: (object: string) => string;
  readonly body: z.ZodObject;
  /** Pure: what becomes of the object, or why that is not possible now (409). */
  readonly run: (
    row: ResourceRow,
    body: Readonly<Record<string, unknown>>,
    at: { readonly now: number; readonly memberId: string },
  ) => AttributeChange | { readonly conflict: Message };
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
