import type { AuditEvent } from "../audit/chain/event.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Statement } from "../kernel/db.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem } from "../kernel/http/problem.ts";
import { randomBytes } from "../kernel/random.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { CHARGE_PROBLEMS, charged, resume } from "./charge.change.ts";
import { requireDistinctName } from "./distinct-name.change.ts";
import { requireConfidential, requireOrganization } from "./named.change.ts";
import { admitNew, type NewPlace } from "./new-place.change.ts";
import { newRow } from "./new-row.change.ts";
import { madeSchema, newBody, openPart, resourceCard, trailCard } from "./resource.card.ts";
import { guardPresence, guardResource, insertResource, UNIQUE_KEY } from "./resource.store.ts";
import {
  attributesOf,
  type Generated,
  referenceId,
  type ResourceType,
  rightOf,
  type StoredType,
} from "./type.ts";

type Body = Readonly<Record<string, unknown>>;

/** The type of a new object, and the type of the object that it may bring along. */
interface Types {
  readonly type: ResourceType;
  readonly stored: StoredType;
  readonly embedded: StoredType | null;
}

/** A new object before it is written. */
interface Draft {
  readonly row: ResourceRow;
  /** The object that comes with it, if any. */
  readonly inside: ResourceRow | null;
  readonly made: Generated | undefined;
  readonly place: NewPlace;
  /** Guards and writes that keep its name distinct. */
  readonly distinct: readonly Statement[];
  readonly event: AuditEvent;
}

export function creationEndpoint(
  type: ResourceType,
  stored: StoredType,
  types: readonly ResourceType[],
): Endpoint {
  const embedded = types.find((each) => each.name === stored.reference?.embedded?.type)?.stored ?? null;
  return endpoint(
    {
      method: "POST",
      path: `/v1/${stored.path}`,
      tag: type.title,
      right: rightOf(type, "create"),
      status: 201,
      summary: creationSummary(stored),
      body: newBody(type, stored, embedded),
      answer: madeSchema(type, stored, embedded),
      idempotency: stored.price ? "ledger" : "optional",
      problems: [
        ...(stored.unique ? ["conflict/duplicate" as const] : []),
        ...(stored.price ? CHARGE_PROBLEMS : []),
        ...(stored.parentsActive ? ["conflict/state" as const] : []),
      ],
    },
    (call) => create(call, { type, stored, embedded }),
  );
}

function creationSummary({ reference, price }: StoredType): string {
  const embedded = reference?.embedded;
  if (embedded)
    return (
      `Add one. With ${embedded.member} it brings a new ${embedded.type}, ` +
      "also for members who may not see or add any."
    );
  return price ? "Add one, for credits." : "Add one.";
}

async function create(call: Call<Body>, types: Types): Promise<Answer> {
  const { type, stored, embedded } = types;
  const place = await admitNew(call, type, stored);
  const body = await call.body();
  requireConfidential(
    call,
    stored,
    Object.keys(body).filter((name) => body[name] !== null),
  );
  await requireOrganization(call, stored, body);
  const resumed = stored.price ? await resume(call, place.begun) : null;
  if (resumed !== null) return resumed;
  if (stored.parentsActive && place.row?.status !== "active")
    throw new Problem("conflict/state", { detail: "What it would belong to is offered no more." });
  const made = stored.generated?.make(randomBytes(32), call.principal.targetAccount);
  const inside = embeddedRow(call, stored, embedded, body);
  const attributes = { ...attributesOf(stored, body), ...made?.attributes };
  const row = newRow(call, type, stored, attributes, place, inside?.id ?? referenceId(stored, body) ?? null);
  const distinct = await requireDistinctName(call, stored, row);
  const draft = { row, inside, made, place, distinct, event: creationEvent(call, stored, row) };
  return stored.price && place.row
    ? chargeDraft(call, types, draft, { parent: place.row, amount: stored.price(place.row) })
    : commitDraft(call, types, draft);
}

const headersOf = ({ path }: StoredType, row: ResourceRow) => ({
  ETag: versionEtag(row.version),
  Location: `/v1/${path}/${row.id}`,
});

function chargeDraft(
  call: Call,
  { stored }: Types,
  { row, event }: Draft,
  { parent, amount }: { readonly parent: ResourceRow; readonly amount: number },
): Promise<Answer> {
  const guards = [guardResource(call.db, parent)];
  return charged(
    call,
    { change: { kind: "insert", row }, parentId: parent.id, amount, guards, event },
    {
      status: 201,
      body: resourceCard(stored, row, call.principal.grantSet),
      headers: headersOf(stored, row),
    },
  );
}

function commitDraft(
  call: Call,
  { type, stored, embedded }: Types,
  { row, inside, made, place, distinct, event }: Draft,
): Promise<Answer> {
  const shown = {
    ...resourceCard(stored, row, call.principal.grantSet),
    ...(inside === null
      ? {}
      : { [stored.reference?.embedded?.member ?? ""]: { id: inside.id, ...inside.attributes } }),
  };
  const statements: Statement[] = [
    ...distinct,
    ...place.found.map((each) =>
      (type.isGrouped && each === place.row ? guardResource : guardPresence)(call.db, each),
    ),
    ...[inside, row].flatMap((each) => (each === null ? [] : [insertResource(call.db, each)])),
  ];
  const events = [
    event,
    ...(inside === null || embedded === null ? [] : [creationEvent(call, embedded, inside)]),
  ];
  return call.commit(
    { statements, events, duplicateProblems: { [UNIQUE_KEY]: "conflict/duplicate" } },
    {
      status: 201,
      body: { ...shown, ...made?.shown },
      replay: openPart(stored, shown),
      headers: headersOf(stored, row),
    },
  );
}

/**
 * The object that comes with the new one: always new, so that the answer reveals nothing of existing ones.
 */
function embeddedRow(
  call: Call,
  stored: StoredType,
  embedded: StoredType | null,
  body: Body,
): ResourceRow | null {
  const rule = stored.reference?.embedded;
  const attributes = rule ? (body[rule.member] as Body | undefined) : undefined;
  return rule && embedded !== null && attributes !== undefined
    ? newRow(call, { name: rule.type }, embedded, attributes, { row: undefined, groupId: null }, null)
    : null;
}

const creationEvent = (call: Call, stored: StoredType, row: ResourceRow): AuditEvent =>
  call.event(
    rightOf({ name: row.type }, "create"),
    { type: row.type, id: row.id },
    { changes: { before: {}, after: trailCard(stored, row) } },
  );
