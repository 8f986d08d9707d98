import type { TypeTable } from "../access/resource-type.ts";
import { type Call, type Endpoint, endpoint, type Results } from "../gate/calls/call.ts";
import { ownerAccountIdOf } from "../gate/principals/principal.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Statement } from "../kernel/db.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { modelOf, oneOf } from "./noun.ts";
import { GROUP_TYPE } from "./object-group.ts";
import { guardEmptyGroup } from "./group.store.ts";
import {
  matchesOrganization,
  type ObjectReference,
  NO_OBJECT,
  organizationFilter,
} from "./object-reference.load.ts";
import { cardSchema, toResourceRef, visibleCard, auditCard } from "./resource.card.ts";
import { deleteResource, findReferenced, findResource, guardResource } from "./resource.store.ts";
import { type ResourceType, rightOf, type StoredType, type RowView } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

/**
 * One guarded read of the rows that a statement selects and of the objects that the call names beside them,
 * if any.
 */
export async function readWithReferences<Rows extends Statement>(
  call: Call,
  rows: Rows,
  references: readonly ObjectReference[],
): Promise<[Results<[Rows]>[0], ResourceRow[]]> {
  return references.length === 0
    ? [(await call.read(rows))[0], []]
    : call.read(rows, findReferenced(call.db, references));
}

/** Where the object that the path names is looked for. */
export const pathObject = (call: Call, type: ResourceType) => ({
  accountId: ownerAccountIdOf(call.principal, type),
  type: type.name,
  id: call.params["id"] ?? "",
});

/** One guarded read of an object, and the decision about it. */
export async function loadResource(
  call: Call,
  type: ResourceType,
  verb: string,
  references: readonly ObjectReference[] = [],
) {
  const { accountId, id } = pathObject(call, type);
  const [[found], referenced] = await readWithReferences(
    call,
    findResource(call.db, accountId, type.name, id),
    references,
  );
  return { row: requireResource(call, type, verb, found), others: referenced };
}

/**
 * Decides about an object that was read: 404 if the caller may not view it, 403 if they may view it but lack
 * the right. An object that another account keeps can be viewed here, but not changed.
 */
export function requireResource(
  call: Call,
  type: ResourceType,
  verb: string,
  found: ResourceRow | undefined,
): ResourceRow {
  const row =
    found === undefined ||
    type.stored === null ||
    matchesOrganization(found, organizationFilter(call, type.stored))
      ? found
      : undefined;
  // A missing object is decided like one that is out of reach: answer and audit log are the same for both.
  const ref = row === undefined ? NO_OBJECT : toResourceRef(row);
  call.requireRight(rightOf(type, verb), ref, row === undefined || rightOf(type, "view"));
  if (row === undefined) throw new Problem("not-found");
  if (verb === "view") return row;
  call.requireView(rightOf(type, "view"), ref);
  if (ownerAccountIdOf(call.principal, type) !== call.principal.accountId)
    throw new Problem("access/denied", {
      detail: message("resources.otherAccountChanges"),
    });
  return row;
}

/** Asks what rows of a type look like in the account that the call acts on; by the name of the type. */
export type RowViews = Readonly<
  Record<string, (call: Call, rows: readonly ResourceRow[]) => Promise<RowView>>
>;

/** How these rows of the type are shown to the caller: as they are stored by default. */
export const rowViewOf = async (
  call: Call,
  { name }: ResourceType,
  views: RowViews,
  rows: readonly ResourceRow[],
): Promise<RowView> => (await views[name]?.(call, rows)) ?? ((row) => row);

export const cardEndpoint = (type: ResourceType, stored: StoredType, views: RowViews): Endpoint =>
  endpoint(
    {
      method: "GET",
      path: `/v1/${stored.path}/:id`,
      operationId: `get${modelOf(type)}`,
      tag: type.title,
      right: rightOf(type, "view"),
      status: 200,
      summary: `Get ${oneOf(type)}.`,
      answer: cardSchema(type, stored),
    },
    async (call) => {
      const { row } = await loadResource(call, type, "view");
      const view = await rowViewOf(call, type, views, [row]);
      return {
        status: 200,
        body: visibleCard(call.principal, stored, view(row)),
        headers: { ETag: versionEtag(row.version) },
      };
    },
  );

/** Types whose grants name objects of this one. */
const grantedTypeNames = (types: TypeTable, name: string): string[] =>
  Array.from(types.values())
    .filter((type) => (type.grantedType ?? type.name) === name)
    .map((type) => type.name);

export const removalEndpoint = (type: ResourceType, stored: StoredType): Endpoint =>
  endpoint(
    {
      method: "DELETE",
      path: `/v1/${stored.path}/:id`,
      operationId: `delete${modelOf(type)}`,
      tag: type.title,
      right: rightOf(type, "delete"),
      status: 204,
      summary: `Delete ${oneOf(type)}. Nothing may depend on it any more.`,
      ifMatch: "optional",
      problems: ["conflict/not-removable"],
    },
    async (call) => {
      const { row } = await loadResource(call, type, "delete");
      call.ifMatch(row.version);
      const event = call.event(
        rightOf(type, "delete"),
        { type: type.name, id: row.id },
        { changes: { before: auditCard(stored, row), after: {} } },
      );
      return call.commit(
        {
          statements: [
            guardResource(call.db, row),
            ...(type.name === GROUP_TYPE
              ? [guardEmptyGroup(call.db, row, call.principal.grantSet.groupedTypes)]
              : []),
            ...deleteResource(call.db, row, grantedTypeNames(call.principal.types, type.name)),
          ],
          events: [event],
          guardProblems: { has_dependents: "conflict/not-removable" },
        },
        { status: 204 },
      );
    },
  );
