import { z } from "zod";
import { decide, type ResourceRef, visible } from "../access/decide.ts";
import type { Right } from "../access/right.ts";
import { type Call, type Endpoint, endpoint, type Results } from "../identity/call.ts";
import type { Statement } from "../kernel/db.ts";
import { etag } from "../identity/request.ts";
import { decodeCursor, listQuery, page, pageOf } from "../kernel/page.ts";
import { Problem } from "../kernel/problem.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { cardSchema, refOf, resourceCard, trailCard } from "./resource.card.ts";
import { deleteResource, findNamed, findResource, guardResource, listResources } from "./resource.store.ts";
import type { ResourceType, StoredType } from "./type.ts";

/** `product.view` of a type and a verb. */
export const rightOf = (type: Pick<ResourceType, "name">, verb: string): Right => `${type.name}.${verb}` as Right;

const NOTHING: ResourceRef = { id: "", rootId: null, ownerId: null, groupId: null, status: "" };

interface Named {
  /** Of the body or the query. */
  readonly member: string;
  readonly type: string;
  readonly id: string;
}

/** One guarded read of the rows that a statement selects and of the objects that the call names beside them, if any. */
async function readWith<Rows extends Statement>(call: Call, rows: Rows, named: readonly Named[]): Promise<[Results<[Rows]>[0], ResourceRow[]]> {
  return named.length === 0 ? [(await call.read(rows))[0], []] : call.read(rows, findNamed(call.db, call.principal.accountId, named));
}

/**
 * One guarded read of an object. Without any right on the type, or out of reach, it is not there; visible but without
 * the right it is 403.
 */
export async function loadResource(call: Call, type: ResourceType, verb: "view" | "edit" | "delete", named: readonly Named[] = []) {
  const { accountId, grantSet } = call.principal;
  const [[row], others] = await readWith(call, findResource(call.db, accountId, type.name, call.params["id"] ?? ""), named);
  // A missing object is decided like one that is out of reach, so that neither the answer nor the trail tells them apart.
  const on = row === undefined ? NOTHING : refOf(row);
  call.decide(rightOf(type, verb), on, row === undefined || !decide(grantSet, rightOf(type, "view"), on).allowed);
  if (row === undefined) throw new Problem("not-found");
  return { row, others };
}

function list(type: ResourceType, stored: StoredType): Endpoint {
  const filters = [...Object.entries(stored.parents), ...(stored.reference === null ? [] : [[stored.reference.member, stored.reference.type] as const])];
  const query = z.strictObject({ ...listQuery, ...Object.fromEntries(filters.map(([member]) => [member, z.string().max(64).optional()])) });
  return endpoint({
    method: "GET", path: `/v1/${stored.path}`, tag: type.title, right: rightOf(type, "view"), status: 200,
    summary: `${type.title} that you may see, newest first.`, query, answer: pageOf(cardSchema(type, stored)),
  }, async (call) => {
    call.decide(rightOf(type, "view"));
    const asked = call.query();
    const values = asked as Record<string, unknown>;
    const named = filters.flatMap(([member, of]) => (typeof values[member] === "string" ? [{ member, type: of, id: values[member] }] : []));
    const parents = named.filter(({ member }) => member in stored.parents);
    if (parents.length > 1) throw new Problem("validation", { errors: [{ pointer: parents[1]?.member ?? "", detail: "filter by one parent at a time" }] });
    const { accountId, grantSet } = call.principal;
    const filter = {
      visible: visible(grantSet, rightOf(type, "view")), before: decodeCursor(asked.cursor, z.string()),
      parentId: parents[0]?.id ?? null, referenceId: named.find(({ member }) => member === stored.reference?.member)?.id ?? null,
    };
    const [rows, others] = await readWith(call, listResources(call.db, accountId, type.name, filter, asked.limit + 1), named);
    requireVisible(call, named, others, "query");
    return { status: 200, body: page(rows, asked.limit, (row) => resourceCard(stored, row), (row) => row.id) };
  });
}

/** What a call names must be there and within the caller's view: else it is not there, whichever of the two it is. */
export function requireVisible(call: Call, named: readonly Named[], found: readonly ResourceRow[], place: "body" | "query"): void {
  for (const { member, type, id } of named) {
    const row = found.find((each) => each.type === type && each.id === id);
    const missing = new Problem("not-found", { detail: `${member} names nothing that this credential may see.`, errors: [{ pointer: place === "body" ? `/${member}` : member, detail: "names nothing that you may see" }] });
    call.decide(`${type}.view` as Right, row === undefined ? NOTHING : refOf(row), missing);
    if (row === undefined) throw missing;
  }
}

const card = (type: ResourceType, stored: StoredType): Endpoint => endpoint({
  method: "GET", path: `/v1/${stored.path}/:id`, tag: type.title, right: rightOf(type, "view"), status: 200,
  summary: "One of them.", answer: cardSchema(type, stored),
}, async (call) => {
  const { row } = await loadResource(call, type, "view");
  return { status: 200, body: resourceCard(stored, row), headers: { ETag: etag(row.version) } };
});

const remove = (type: ResourceType, stored: StoredType): Endpoint => endpoint({
  method: "DELETE", path: `/v1/${stored.path}/:id`, tag: type.title, right: rightOf(type, "delete"), status: 204,
  summary: "Remove it. Nothing may depend on it any more.", ifMatch: "optional", problems: ["conflict/not-removable"],
}, async (call) => {
  const { row } = await loadResource(call, type, "delete");
  call.ifMatch(row.version);
  const event = call.event(rightOf(type, "delete"), { type: type.name, id: row.id }, { changes: { before: trailCard(stored, row), after: {} } });
  return call.commit({
    statements: [guardResource(call.db, row), ...deleteResource(call.db, row)], events: [event],
    refusals: { has_dependents: "conflict/not-removable" },
  }, { status: 204 });
});

export const readEndpoints = (type: ResourceType, stored: StoredType): Endpoint[] => [list(type, stored), card(type, stored), remove(type, stored)];
