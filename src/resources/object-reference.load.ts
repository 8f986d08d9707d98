import { refById, type ResourceRef } from "../access/decision.ts";
import type { Right } from "../access/right.ts";
import type { Call } from "../gate/calls/call.ts";
import { ownerAccountIdOf, type Principal } from "../gate/principals/principal.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { organizationRef } from "./organization.card.ts";
import { findOrganization } from "./organization.store.ts";
import { toResourceRef } from "./resource.card.ts";
import type { StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

/** An object that a call names in its body or query. */
export interface ObjectReference {
  readonly field: string;
  readonly type: string;
  readonly id: string;
  /** The account whose objects of the type the caller sees. */
  readonly accountId: string;
}

export const NO_OBJECT: ResourceRef = refById("");

/** Whose objects of this type, by its name, the caller sees. */
export const ownerAccountIdOfType = (principal: Principal, type: string): string =>
  ownerAccountIdOf(principal, principal.types.get(type) ?? {});

/** The members of a body or query that may name an object, each with its type. */
export const referenceFields = ({ reference }: StoredType): [field: string, type: string][] =>
  reference === null ? [] : [[reference.field, reference.type]];

/** The objects that these fields of a call name. @param idInField gives the text of a field, or null */
export const collectReferences = (
  principal: Principal,
  fields: readonly (readonly [field: string, type: string])[],
  idInField: (field: string) => string | null,
): ObjectReference[] =>
  fields.flatMap(([field, type]) => {
    const id = idInField(field);
    return id === null ? [] : [{ field, type, id, accountId: ownerAccountIdOfType(principal, type) }];
  });

/** Objects that a call names must exist and be visible to the caller. Both faults get the same answer. */
export function requireVisible(
  call: Call,
  references: readonly ObjectReference[],
  found: readonly ResourceRow[],
  source: "body" | "query",
): void {
  for (const { field, type, id } of references) {
    const row = found.find((each) => each.type === type && each.id === id);
    const notFound = new Problem("not-found", {
      detail: message("resources.namesNothing", { field }),
      errors: [
        {
          ...(source === "body" ? { pointer: `/${field}` } : { parameter: field }),
          detail: message("resources.hidden"),
        },
      ],
    });
    call.requireRight(
      `${type}.view` as Right,
      row === undefined ? refById(id) : toResourceRef(row),
      notFound,
    );
    if (row === undefined) throw notFound;
  }
}

/**
 * The account below that an attribute names must be there and within the caller's view. @throws Problem
 * not-found
 */
export async function requireOrganization(
  call: Call,
  { organizationAttribute }: StoredType,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = organizationAttribute === undefined ? undefined : body[organizationAttribute];
  if (typeof id !== "string") return;
  const [[row]] = await call.read(findOrganization(call.db, call.principal, id));
  const notFound = new Problem("not-found", {
    errors: [{ pointer: `/${organizationAttribute}`, detail: message("resources.hidden") }],
  });
  call.requireRight("organization.view", row === undefined ? refById(id) : organizationRef(row), notFound);
  if (row === undefined) throw notFound;
}

/**
 * Of rows that are meant for one account below each, those for accounts in the caller's reach are there, and
 * those for none in particular.
 */
export interface OrganizationFilter {
  readonly attribute: string;
  readonly ids: ReadonlySet<string>;
}

/** Null: every row is there. */
export function organizationFilter(
  { principal: { grantSet } }: Call,
  { organizationAttribute }: StoredType,
): OrganizationFilter | null {
  if (organizationAttribute === undefined) return null;
  const extent = grantSet.extents.get("organization.view");
  return extent?.all === true ? null : { attribute: organizationAttribute, ids: extent?.ids ?? new Set() };
}

export const matchesOrganization = (row: ResourceRow, filter: OrganizationFilter | null): boolean => {
  const id = filter === null ? null : row.attributes[filter.attribute];
  return typeof id !== "string" || filter?.ids.has(id) === true;
};

/**
 * Confidential attributes can be set only by holders of their right. Every value is refused, so that a caller
 * cannot find the present one by guessing. @throws Problem access/denied
 */
export function requireConfidential(call: Call, { confidential }: StoredType, sent: readonly string[]): void {
  if (confidential?.attributes.some((name) => sent.includes(name))) call.requireRight(confidential.right);
}
