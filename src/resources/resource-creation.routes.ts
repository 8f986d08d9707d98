import type { AuditEvent } from "../audit/chain/event.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Statement } from "../kernel/db.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem } from "../kernel/http/problem.ts";
import { randomBytes } from "../kernel/random.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { modelOf, oneOf } from "./noun.ts";
import { CHARGE_PROBLEMS, chargeAndApply, resumeCharge } from "./charge.change.ts";
import { requireDistinctName } from "./distinct-name.change.ts";
import { requireConfidential, requireOrganization } from "./object-reference.load.ts";
import { loadPlacement, type LoadedPlacement } from "./placement.load.ts";
import { newResourceRow } from "./resource-row.change.ts";
import { createdSchema, creationBody, publicFields, resourceCard, auditCard } from "./resource.card.ts";
import { guardResourceExists, guardResource, insertResource, UNIQUE_KEY_COLUMNS } from "./resource.store.ts";
import { attributesOf, referenceIdIn, type ResourceType, rightOf, type StoredType } from "./resource-type.ts";
import type { GeneratedValues } from "./types/declaration.ts";
import { message } from "../kernel/messages/message.ts";

type Body = Readonly<Record<string, unknown>>;

/** The type of a new object, and the type of the object that it may bring along. */
interface CreationTypes {
  readonly type: ResourceType;
  readonly stored: StoredType;
  readonly embedded: StoredType | null;
}

/** A new object before it is written. */
interface ResourceDraft {
  readonly row: ResourceRow;
  /** The object that comes with it, if any. */
  readonly embeddedObject: ResourceRow | null;
  readonly generated: GeneratedValues | undefined;
  readonly placement: LoadedPlacement;
  /** Guards and writes that keep its name distinct. */
  readonly nameGuards: readonly Statement[];
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
      operationId: `create${modelOf(type)}`,
      tag: type.title,
      right: rightOf(type, "create"),
      status: 201,
      summary: creationSummary(type, stored),
      body: creationBody(type, stored, embedded),
      answer: createdSchema(type, stored, embedded),
      idempotency: stored.price ? "ledger" : "optional",
      problems: [
        ...(stored.uniqueKeyOf ? ["conflict/duplicate" as const] : []),
        ...(stored.price ? CHARGE_PROBLEMS : []),
        ...(stored.requiresActiveParent ? ["conflict/state" as const] : []),
      ],
    },
    (call) => create(call, { type, stored, embedded }),
  );
}

function creationSummary(type: ResourceType, { reference, price }: StoredType): string {
  const embedded = reference?.embedded;
  if (embedded)
    return (
      `Create ${oneOf(type)}. With ${embedded.field} it brings a new ${embedded.type}, ` +
      "also for members who may not see or add any."
    );
  return `Create ${oneOf(type)}${price ? ", for credits" : ""}.`;
}

async function create(call: Call<Body>, types: CreationTypes): Promise<Answer> {
  const { type, stored, embedded } = types;
  const placement = await loadPlacement(call, type, stored);
  const body = await call.body();
  requireConfidential(
    call,
    stored,
    Object.keys(body).filter((name) => body[name] !== null),
  );
  await requireOrganization(call, stored, body);
  const resumed = stored.price ? await resumeCharge(call, placement.earlierCharge) : null;
  if (resumed !== null) return resumed;
  if (stored.requiresActiveParent && placement.parent?.status !== "active")
    throw new Problem("conflict/state", { detail: message("resources.parentRetired") });
  const generated = stored.generated?.make(randomBytes(32), call.principal.targetAccount);
  const embeddedObject = newEmbeddedRow(call, stored, embedded, body);
  const attributes = { ...attributesOf(stored, body), ...generated?.attributes };
  const row = newResourceRow(
    call,
    type,
    stored,
    attributes,
    placement,
    embeddedObject?.id ?? referenceIdIn(stored, body) ?? null,
  );
  const nameGuards = await requireDistinctName(call, stored, row);
  const event = creationEvent(call, stored, row);
  const draft = { row, embeddedObject, generated, placement, nameGuards, event };
  return stored.price && placement.parent
    ? chargeDraft(call, types, draft, { parent: placement.parent, amount: stored.price(placement.parent) })
    : commitDraft(call, types, draft);
}

const createdHeaders = ({ path }: StoredType, row: ResourceRow) => ({
  ETag: versionEtag(row.version),
  Location: `/v1/${path}/${row.id}`,
});

function chargeDraft(
  call: Call,
  { stored }: CreationTypes,
  { row, event }: ResourceDraft,
  { parent, amount }: { readonly parent: ResourceRow; readonly amount: number },
): Promise<Answer> {
  const guards = [guardResource(call.db, parent)];
  return chargeAndApply(
    call,
    { change: { kind: "insert", row }, parentId: parent.id, amount, guards, event },
    {
      status: 201,
      body: resourceCard(stored, row, call.principal.grantSet),
      headers: createdHeaders(stored, row),
    },
  );
}

function commitDraft(
  call: Call,
  { type, stored, embedded }: CreationTypes,
  { row, embeddedObject, generated, placement, nameGuards, event }: ResourceDraft,
): Promise<Answer> {
  const card = {
    ...resourceCard(stored, row, call.principal.grantSet),
    ...(embeddedObject === null
      ? {}
      : {
          [stored.reference?.embedded?.field ?? ""]: { id: embeddedObject.id, ...embeddedObject.attributes },
        }),
  };
  const statements: Statement[] = [
    ...nameGuards,
    ...placement.referenced.map((each) =>
      (type.isGrouped && each === placement.parent ? guardResource : guardResourceExists)(call.db, each),
    ),
    ...[embeddedObject, row].flatMap((each) => (each === null ? [] : [insertResource(call.db, each)])),
  ];
  const events = [
    event,
    ...(embeddedObject === null || embedded === null ? [] : [creationEvent(call, embedded, embeddedObject)]),
  ];
  return call.commit(
    { statements, events, duplicateProblems: { [UNIQUE_KEY_COLUMNS]: "conflict/duplicate" } },
    {
      status: 201,
      body: { ...card, ...generated?.shown },
      replay: publicFields(stored, card),
      headers: createdHeaders(stored, row),
    },
  );
}

/**
 * The object that comes with the new one: always new, so that the answer reveals nothing of existing ones.
 */
function newEmbeddedRow(
  call: Call,
  stored: StoredType,
  embedded: StoredType | null,
  body: Body,
): ResourceRow | null {
  const embeddedType = stored.reference?.embedded;
  const attributes = embeddedType ? (body[embeddedType.field] as Body | undefined) : undefined;
  return embeddedType && embedded !== null && attributes !== undefined
    ? newResourceRow(
        call,
        { name: embeddedType.type },
        embedded,
        attributes,
        { parent: undefined, groupId: null },
        null,
      )
    : null;
}

const creationEvent = (call: Call, stored: StoredType, row: ResourceRow): AuditEvent =>
  call.event(
    rightOf({ name: row.type }, "create"),
    { type: row.type, id: row.id },
    { changes: { before: {}, after: auditCard(stored, row) } },
  );
