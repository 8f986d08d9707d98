import { refById, type ResourceRef } from "../access/decision.ts";
import type { Right } from "../access/right.ts";
import type { Call } from "../gate/calls/call.ts";
import { ownerAccountIdOf, type Principal } from "../gate/principals/principal.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { organizationRef } from "./organization.ts";
import { findOrganization } from "./organization.store.ts";
import { refOf } from "./resource.card.ts";
import type { StoredType } from "./type.ts";

/** An object that a call names in its body or query. */
export interface Named {
  readonly member: string;
  readonly type: string;
  readonly id: string;
  /** The account whose objects of the type the caller sees. */
  readonly accountId: string;
}

export const NOTHING: ResourceRef = refById("");

/** Whose objects of this type, by its name, the caller sees. */
export const keeperOfType = (principal: Principal, type: string): string =>
  ownerAccountIdOf(principal, principal.types.get(type) ?? {});

/** The members of a body or query that may name an object, each with its type. */
export const referencesOf = ({ reference }: StoredType): [member: string, type: string][] =>
  reference === null ? [] : [[reference.member, reference.type]];

/** What of these members a call names. @param value gives the text of a member, or null */
export const namedBy = (
  principal: Principal,
  members: readonly (readonly [member: string, type: string])[],
  value: (member: string) => string | null,
): Named[] =>
  members.flatMap(([member, type]) => {
    const id = value(member);
    return id === null ? [] : [{ member, type, id, accountId: keeperOfType(principal, type) }];
  });

/** Objects that a call names must exist and be visible to the caller. Both faults get the same answer. */
export function requireVisible(
  call: Call,
  named: readonly Named[],
  found: readonly ResourceRow[],
  place: "body" | "query",
): void {
  for (const { member, type, id } of named) {
    const row = found.find((each) => each.type === type && each.id === id);
    const missing = new Problem("not-found", {
      detail: `${member} names nothing that this credential may see.`,
      errors: [
        {
          ...(place === "body" ? { pointer: `/${member}` } : { parameter: member }),
          detail: "names nothing that you may see",
        },
      ],
    });
    call.requireRight(`${type}.view` as Right, row === undefined ? refById(id) : refOf(row), missing);
    if (row === undefined) throw missing;
  }
}

/**
 * The account below that an attribute names must be there and within the caller's view. @throws Problem
 * not-found
 */
export async function requireOrganization(
  call: Call,
  { organization }: StoredType,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = organization === undefined ? undefined : body[organization];
  if (typeof id !== "string") return;
  const [[row]] = await call.read(findOrganization(call.db, call.principal, id));
  const missing = new Problem("not-found", {
    errors: [{ pointer: `/${organization}`, detail: "names nothing that you may see" }],
  });
  call.requireRight("organization.view", row === undefined ? refById(id) : organizationRef(row), missing);
  if (row === undefined) throw missing;
}

/**
 * Of rows that are meant for one account below each, those for accounts in the caller's reach are there, and
 * those for none in particular.
 */
export interface OrganizationScope {
  readonly attribute: string;
  readonly ids: ReadonlySet<string>;
}

/** Null: every row is there. */
export function organizationScope(
  { principal: { grantSet } }: Call,
  { organization }: StoredType,
): OrganizationScope | null {
  if (organization === undefined) return null;
  const reach = grantSet.extents.get("organization.view");
  return reach?.all === true ? null : { attribute: organization, ids: reach?.ids ?? new Set() };
}

export const inScope = (row: ResourceRow, scope: OrganizationScope | null): boolean => {
  const id = scope === null ? null : row.attributes[scope.attribute];
  return typeof id !== "string" || scope?.ids.has(id) === true;
};

/**
 * Confidential attributes can be set only by holders of their right. Every value is refused, so that a caller
 * cannot find the present one by guessing. @throws Problem access/denied
 */
export function requireConfidential(call: Call, { confidential }: StoredType, sent: readonly string[]): void {
  if (confidential?.attributes.some((name) => sent.includes(name))) call.requireRight(confidential.right);
}
