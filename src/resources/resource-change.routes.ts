import { difference } from "../audit/difference.ts";
import type { AuditEvent } from "../audit/event.ts";
import { type Call, type Change, type Endpoint, endpoint } from "../identity/call.ts";
import { keeperOf } from "../identity/principal.ts";
import { etag } from "../identity/request.ts";
import type { Statement } from "../kernel/db.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { randomBytes } from "../kernel/secret.ts";
import { nextVersion } from "../kernel/version.ts";
import type { ResourceRow } from "../schema/resource.ts";
import { actionEndpoints } from "./action.routes.ts";
import { CHARGE_PROBLEMS, charged, resume } from "./charge.change.ts";
import { groupFor, GROUP_MEMBER, namedObject, takesGroup } from "./group.ts";
import { requireDistinctName } from "./distinct-name.change.ts";
import {
  namedBy,
  referencesOf,
  requireConfidential,
  requireOrganization,
  requireVisible,
} from "./named.change.ts";
import { newRow } from "./new-row.change.ts";
import {
  cardSchema,
  completeRow,
  madeSchema,
  newBody,
  openPart,
  patchBody,
  resourceCard,
  rootOf,
  trailCard,
} from "./resource.card.ts";
import { loadResource, readEndpoints, rightOf, type Views } from "./resource.routes.ts";
import {
  findNamed,
  guardPresence,
  guardResource,
  guardWithout,
  insertResource,
  UNIQUE_KEY,
  updateResource,
} from "./resource.store.ts";
import type { ResourceType, StoredType } from "./type.ts";

type Body = Record<string, unknown>;

function create(type: ResourceType, stored: StoredType, types: readonly ResourceType[]): Endpoint {
  const embedded = types.find((each) => each.name === stored.reference?.embedded?.type)?.stored ?? null;
  const right = rightOf(type, "create");
  return endpoint(
    {
      method: "POST",
      path: `/v1/${stored.path}`,
      tag: type.title,
      right,
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
    async (call) => {
      const place = await admitNew(call, type, stored);
      const body = await call.body();
      requireConfidential(
        call,
        stored,
        Object.keys(body).filter((name) => body[name] !== null),
      );
      await requireOrganization(call, stored, body);
      const resumed = stored.price ? await resume(call) : null;
      if (resumed !== null) return resumed;
      if (stored.parentsActive && place.row?.status !== "active")
        throw new Problem("conflict/state", { detail: "What it would belong to is offered no more." });
      const made = stored.generated?.make(randomBytes(32), call.principal.account);
      const inside = embeddedRow(call, stored, embedded, body);
      const row = newRow(
        call,
        type,
        stored,
        { ...attributesOf(stored, body), ...made?.attributes },
        place,
        inside?.id ?? referenceId(stored, body) ?? null,
      );
      const distinct = await requireDistinctName(call, stored, row);
      const event = call.event(
        right,
        { type: type.name, id: row.id },
        { changes: { before: {}, after: trailCard(stored, row) } },
      );
      const card = resourceCard(stored, row, call.principal.grantSet);
      const headers = { ETag: etag(row.version), Location: `/v1/${stored.path}/${row.id}` };
      if (stored.price && place.row) {
        const guards = [guardResource(call.db, place.row)];
        return charged(
          call,
          {
            change: { kind: "insert", row },
            parentId: place.row.id,
            amount: stored.price(place.row),
            guards,
            event,
          },
          { status: 201, body: card, headers },
        );
      }
      const shown = {
        ...card,
        ...(inside === null
          ? {}
          : { [stored.reference?.embedded?.member ?? ""]: { id: inside.id, ...inside.attributes } }),
      };
      const statements: Statement[] = [
        ...distinct,
        ...place.found.map((each) =>
          (type.grouped && each === place.row ? guardResource : guardPresence)(call.db, each),
        ),
        ...[inside, row].flatMap((each) => (each === null ? [] : [insertResource(call.db, each)])),
      ];
      const events = [
        event,
        ...(inside === null || embedded === null ? [] : [embeddedEvent(call, embedded, inside)]),
      ];
      return call.commit(
        { statements, events, duplicates: { [UNIQUE_KEY]: "conflict/duplicate" } },
        {
          status: 201,
          body: { ...shown, ...made?.shown },
          replay: openPart(stored, shown),
          headers,
        },
      );
    },
  );
}

/** The object that comes with the new one: always new, so that nothing is told of those that exist. */
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

interface Place {
  readonly row: ResourceRow | undefined;
  readonly groupId: string | null;
  readonly found: readonly ResourceRow[];
}

/** Loads what the body names and decides whether something new may stand there. */
async function admitNew(call: Call, type: ResourceType, stored: StoredType): Promise<Place> {
  const { accountId, memberId, grantSet } = call.principal;
  const parents = Object.entries(stored.parents);
  const right = rightOf(type, "create");
  const named = namedBy(
    call.principal,
    [...parents, ...referencesOf(stored), ...(takesGroup(type, stored) ? [GROUP_MEMBER] : [])],
    (member) => namedObject(call.named(member)),
  );
  const found =
    named.length === 0 ? (await call.read(), []) : (await call.read(findNamed(call.db, named)))[0];
  call.decide(right);
  if (keeperOf(call.principal, type) !== accountId)
    throw new Problem("access/denied", {
      detail: "Another account keeps these, and only its members add to them.",
    });
  const parent = named.find(({ member }) => member in stored.parents);
  requireVisible(
    call,
    named.filter((each) => each !== parent || !stored.parentsDenied),
    found,
    "body",
  );
  const row = found.find(({ id }) => id === parent?.id);
  const groupId = takesGroup(type, stored)
    ? groupFor(call.named("groupId"), grantSet.groups)
    : (row?.groupId ?? null);
  if (groupId === "unclear")
    throw invalid("/groupId", "must name one of your object groups: you have several");
  const rootId = row === undefined ? (parent?.id ?? null) : rootOf(row);
  // A parent that the body lacks is a fault of the body, which is told later.
  if (parent !== undefined || parents.length === 0)
    call.decide(right, { id: "", rootId, ownerId: memberId, groupId, status: "active" });
  if (parent !== undefined && row === undefined)
    throw new Problem("not-found", {
      errors: [{ pointer: `/${parent.member}`, detail: "names nothing that you may see" }],
    });
  return { row, groupId, found };
}

function creationSummary({ reference, price }: StoredType): string {
  const embedded = reference?.embedded;
  if (embedded)
    return `Add one. With ${embedded.member} it brings a new ${embedded.type}, also for members who may not see or add any.`;
  return price ? "Add one, for credits." : "Add one.";
}

const attributesOf = (stored: StoredType, body: Body): Body =>
  Object.fromEntries(
    Object.entries(body).filter(([member]) => Object.hasOwn(stored.attributes.shape, member)),
  );

const referenceId = (stored: StoredType, body: Body): string | null | undefined =>
  stored.reference === null ? undefined : (body[stored.reference.member] as string | null | undefined);

function embeddedEvent(call: Call, embedded: StoredType, row: ResourceRow): AuditEvent {
  return call.event(
    rightOf({ name: row.type }, "create"),
    { type: row.type, id: row.id },
    { changes: { before: {}, after: trailCard(embedded, row) } },
  );
}

const edit = (type: ResourceType, stored: StoredType): Endpoint =>
  endpoint(
    {
      method: "PATCH",
      path: `/v1/${stored.path}/:id`,
      tag: type.title,
      right: rightOf(type, "edit"),
      status: 200,
      summary: "Change it. What is not sent stays.",
      body: patchBody(stored),
      answer: cardSchema(type, stored),
      ifMatch: "required",
      problems: [
        ...(stored.unique ? ["conflict/duplicate" as const] : []),
        ...((stored.editableIn ?? stored.fixed) ? ["conflict/state" as const] : []),
      ],
    },
    async (call) => {
      const named = namedBy(call.principal, referencesOf(stored), (member) => call.named(member));
      const { row, others } = await loadResource(call, type, "edit", named);
      requireVisible(
        call,
        named.filter(({ id }) => id !== row.referenceId),
        others,
        "body",
      );
      const body = await call.body();
      requireConfidential(call, stored, Object.keys(body));
      await requireOrganization(call, stored, body);
      call.ifMatch(row.version);
      if (stored.editableIn?.includes(row.status) === false)
        throw new Problem("conflict/state", { detail: `It is ${row.status}, and changes no more.` });
      const sent = referenceId(stored, body);
      const after = nextVersion(
        row,
        completeRow(stored, {
          ...row,
          attributes: { ...row.attributes, ...attributesOf(stored, body) },
          referenceId: sent === undefined ? row.referenceId : sent,
        }),
        call.now,
      );
      const answer = {
        status: 200,
        body: resourceCard(stored, after, call.principal.grantSet),
        headers: { ETag: etag(after.version) },
      };
      if (after === row) return answer;
      const changes = difference(trailCard(stored, row), trailCard(stored, after));
      const fixed = guardFixed(call, stored, row, after);
      const distinct = after.name === row.name ? [] : await requireDistinctName(call, stored, after);
      return call.commit(
        {
          statements: [
            guardResource(call.db, row),
            ...distinct,
            ...others.map((each) => guardPresence(call.db, each)),
            ...fixed.statements,
            updateResource(call.db, after),
          ],
          events: [call.event(rightOf(type, "edit"), { type: type.name, id: row.id }, { changes })],
          duplicates: { [UNIQUE_KEY]: "conflict/duplicate" },
          refusals: fixed.refusals,
        },
        answer,
      );
    },
  );

/** Holds a change of what is fixed to the time before. */
function guardFixed(
  call: Call,
  { fixed }: StoredType,
  row: ResourceRow,
  after: ResourceRow,
): Required<Pick<Change, "statements" | "refusals">> {
  if (!fixed?.attributes.some((name) => row.attributes[name] !== after.attributes[name]))
    return { statements: [], refusals: {} };
  const detail = `Its ${fixed.attributes.join(" and ")} change no more: something was made by them.`;
  return {
    statements: [guardWithout(call.db, row, fixed.by)],
    refusals: { has_dependents: new Problem("conflict/state", { detail }) },
  };
}

/** The routes of every stored type. */
export const resourceEndpoints = (types: readonly ResourceType[], views: Views): Endpoint[] =>
  types.flatMap((type) => {
    const { stored } = type;
    if (stored === null) return [];
    const has = (change: "create" | "edit") => !stored.without?.includes(change);
    return [
      ...readEndpoints(type, stored, views),
      ...(has("create") ? [create(type, stored, types)] : []),
      ...(has("edit") ? [edit(type, stored)] : []),
      ...actionEndpoints(type, stored),
    ];
  });
