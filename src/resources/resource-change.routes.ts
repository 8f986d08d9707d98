import { difference } from "../audit/difference.ts";
import type { AuditEvent } from "../audit/event.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import type { Statement } from "../kernel/db.ts";
import { newId } from "../kernel/id.ts";
import { randomBytes } from "../kernel/secret.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { cardSchema, madeSchema, newBody, patchBody, resourceCard, rootOf, trailCard } from "./resource.card.ts";
import { loadResource, readEndpoints, requireVisible, rightOf } from "./resource.routes.ts";
import { findNamed, guardPresence, guardResource, insertResource, updateResource } from "./resource.store.ts";
import type { ResourceType, StoredType } from "./type.ts";

type Body = Record<string, unknown>;

/** The objects that a body names, before it is validated. */
const namedIn = (call: Call, members: readonly (readonly [member: string, type: string])[]) =>
  members.flatMap(([member, type]) => {
    const id = call.named(member);
    return id === null ? [] : [{ member, type, id }];
  });

const referenceOf = ({ reference }: StoredType) => (reference === null ? [] : [[reference.member, reference.type] as const]);

function create(type: ResourceType, stored: StoredType, types: readonly ResourceType[]): Endpoint {
  const embedded = types.find((each) => each.name === stored.reference?.embedded?.type)?.stored ?? null;
  return endpoint({
    method: "POST", path: `/v1/${stored.path}`, tag: type.title, right: rightOf(type, "create"), status: 201,
    summary: creationSummary(stored), body: newBody(stored, embedded), answer: madeSchema(type, stored, embedded), idempotency: "optional",
  }, async (call) => {
    const { accountId, memberId } = call.principal;
    const named = namedIn(call, [...Object.entries(stored.parents), ...referenceOf(stored)]);
    const found = named.length === 0 ? (await call.read(), []) : (await call.read(findNamed(call.db, accountId, named)))[0];
    call.decide(rightOf(type, "create"));
    requireVisible(call, named, found, "body");
    const parent = found.find((row) => named.some(({ member, id }) => id === row.id && member in stored.parents));
    const rootId = parent === undefined ? null : rootOf(parent);
    const ref = { id: "", rootId, ownerId: memberId, groupId: null, status: "active" };
    // A parent that the body lacks is a fault of the body, which is told below.
    if (parent !== undefined || Object.keys(stored.parents).length === 0) call.decide(rightOf(type, "create"), ref);
    const body = await call.body();
    const made = stored.generated?.make(randomBytes(32));
    const inside = embeddedRow(call, stored, embedded, body);
    const row = newRow(call, type, stored, { ...attributesOf(stored, body), ...made?.attributes }, parent, inside?.id ?? referenceId(stored, body) ?? null);
    const shown = { ...resourceCard(stored, row), ...(inside === null ? {} : { [stored.reference?.embedded?.member ?? ""]: { id: inside.id, ...inside.attributes } }) };
    const statements: Statement[] = [...found.map((each) => guardPresence(call.db, each)), ...(inside === null ? [] : [insertResource(call.db, inside)]), insertResource(call.db, row)];
    return call.commit({ statements, events: creationEvents(call, type, row, trailCard(stored, row), inside, embedded) }, {
      status: 201, body: { ...shown, ...made?.shown }, replay: shown, headers: { ETag: etag(row.version), Location: `/v1/${stored.path}/${row.id}` },
    });
  });
}

function creationSummary({ reference }: StoredType): string {
  const embedded = reference?.embedded;
  return embedded ? `Add one. With ${embedded.member} it brings a new ${embedded.type}, also for members who may not see or add any.` : "Add one.";
}

const attributesOf = (stored: StoredType, body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([member]) => Object.hasOwn(stored.attributes.shape, member)));

const referenceId = (stored: StoredType, body: Body): string | null | undefined =>
  stored.reference === null ? undefined : body[stored.reference.member] as string | null | undefined;

function newRow(call: Call, type: Pick<ResourceType, "name">, stored: StoredType, attributes: Body, parent: ResourceRow | undefined, reference: string | null): ResourceRow {
  const { accountId, memberId } = call.principal;
  return {
    accountId, type: type.name, id: newId(stored.id, call.now), parentId: parent?.id ?? null, rootId: parent === undefined ? null : rootOf(parent),
    ownerId: memberId, groupId: null, referenceId: reference, status: "active", name: String(attributes[stored.label] ?? ""),
    attributes, version: 1, createdBy: memberId, createdAt: call.now, updatedAt: call.now,
  };
}

/** The object that comes with the new one: always new, so that nothing is told of those that exist. */
function embeddedRow(call: Call, stored: StoredType, embedded: StoredType | null, body: Body): ResourceRow | null {
  const rule = stored.reference?.embedded;
  const attributes = rule ? body[rule.member] as Body | undefined : undefined;
  return rule && embedded !== null && attributes !== undefined ? newRow(call, { name: rule.type }, embedded, attributes, undefined, null) : null;
}

function creationEvents(call: Call, type: ResourceType, row: ResourceRow, after: Body, inside: ResourceRow | null, embedded: StoredType | null): AuditEvent[] {
  const event = (name: string, id: string, shown: Body) =>
    call.event(rightOf({ name }, "create"), { type: name, id }, { changes: { before: {}, after: shown } });
  return [event(type.name, row.id, after), ...(inside === null || embedded === null ? [] : [event(inside.type, inside.id, trailCard(embedded, inside))])];
}

const edit = (type: ResourceType, stored: StoredType): Endpoint => endpoint({
  method: "PATCH", path: `/v1/${stored.path}/:id`, tag: type.title, right: rightOf(type, "edit"), status: 200,
  summary: "Change it. What is not sent stays.", body: patchBody(stored), answer: cardSchema(type, stored), ifMatch: "required",
}, async (call) => {
  const named = namedIn(call, referenceOf(stored));
  const { row, others } = await loadResource(call, type, "edit", named);
  requireVisible(call, named.filter(({ id }) => id !== row.referenceId), others, "body");
  const body = await call.body();
  call.ifMatch(row.version);
  const attributes = { ...row.attributes, ...attributesOf(stored, body) };
  const sent = referenceId(stored, body);
  const after: ResourceRow = {
    ...row, attributes, name: String(attributes[stored.label] ?? ""), referenceId: sent === undefined ? row.referenceId : sent,
    version: row.version + 1, updatedAt: call.now,
  };
  const changes = difference(trailCard(stored, row), trailCard(stored, after));
  return call.commit({
    statements: [guardResource(call.db, row), ...others.map((each) => guardPresence(call.db, each)), updateResource(call.db, after)],
    events: [call.event(rightOf(type, "edit"), { type: type.name, id: row.id }, { changes })],
  }, { status: 200, body: resourceCard(stored, after), headers: { ETag: etag(after.version) } });
});

/** The routes of every stored type. */
export const resourceEndpoints = (types: readonly ResourceType[]): Endpoint[] =>
  types.flatMap((type) => (type.stored === null ? [] : [...readEndpoints(type, type.stored), create(type, type.stored, types), edit(type, type.stored)]));
