import { diffFields } from "../audit/chain/difference.ts";
import { type Call, type Change, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem } from "../kernel/http/problem.ts";
import { nextVersion } from "../kernel/version.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { modelOf, oneOf } from "./noun.ts";
import { actionEndpoints } from "./action.routes.ts";
import { requireDistinctName } from "./distinct-name.change.ts";
import {
  collectReferences,
  referenceFields,
  requireConfidential,
  requireOrganization,
  requireVisible,
} from "./object-reference.load.ts";
import { cardSchema, fillDerivedColumns, patchBody, resourceCard, auditCard } from "./resource.card.ts";
import { creationEndpoint } from "./resource-creation.routes.ts";
import { listEndpoint } from "./resource-list.routes.ts";
import { cardEndpoint, loadResource, removalEndpoint, type RowViews } from "./resource.routes.ts";
import {
  guardResourceExists,
  guardResource,
  guardNoChildren,
  UNIQUE_KEY_COLUMNS,
  updateResource,
} from "./resource.store.ts";
import { attributesOf, referenceIdIn, type ResourceType, rightOf, type StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

type Body = Readonly<Record<string, unknown>>;

const editEndpoint = (type: ResourceType, stored: StoredType): Endpoint =>
  endpoint(
    {
      method: "PATCH",
      path: `/v1/${stored.path}/:id`,
      operationId: `update${modelOf(type)}`,
      tag: type.title,
      right: rightOf(type, "edit"),
      status: 200,
      summary: `Change ${oneOf(type)}. What is not sent stays.`,
      body: patchBody(type, stored),
      answer: cardSchema(type, stored),
      ifMatch: "required",
      problems: [
        ...(stored.uniqueKeyOf ? ["conflict/duplicate" as const] : []),
        ...((stored.editableStatuses ?? stored.fixed) ? ["conflict/state" as const] : []),
      ],
    },
    (call) => edit(call, type, stored),
  );

async function edit(call: Call<Body>, type: ResourceType, stored: StoredType): Promise<Answer> {
  const references = collectReferences(call.principal, referenceFields(stored), (member) =>
    call.peekField(member),
  );
  const { row, others: referenced } = await loadResource(call, type, "edit", references);
  requireVisible(
    call,
    references.filter(({ id }) => id !== row.referenceId),
    referenced,
    "body",
  );
  const body = await call.body();
  requireConfidential(call, stored, Object.keys(body));
  await requireOrganization(call, stored, body);
  call.ifMatch(row.version);
  if (stored.editableStatuses?.includes(row.status) === false)
    throw new Problem("conflict/state", { detail: message("resources.finalStatus", { status: row.status }) });
  const after = applyEdit(call, stored, row, body);
  const answer = {
    status: 200,
    body: resourceCard(stored, after, call.principal.grantSet),
    headers: { ETag: versionEtag(after.version) },
  };
  if (after === row) return answer;
  const changes = diffFields(auditCard(stored, row), auditCard(stored, after));
  const fixed = guardFixedAttributes(call, stored, row, after);
  const distinct = after.name === row.name ? [] : await requireDistinctName(call, stored, after);
  return call.commit(
    {
      statements: [
        guardResource(call.db, row),
        ...distinct,
        ...referenced.map((each) => guardResourceExists(call.db, each)),
        ...fixed.statements,
        updateResource(call.db, after),
      ],
      events: [call.event(rightOf(type, "edit"), { type: type.name, id: row.id }, { changes })],
      duplicateProblems: { [UNIQUE_KEY_COLUMNS]: "conflict/duplicate" },
      guardProblems: fixed.guardProblems,
    },
    answer,
  );
}

function applyEdit(call: Call, stored: StoredType, row: ResourceRow, body: Body): ResourceRow {
  const sent = referenceIdIn(stored, body);
  return nextVersion(
    row,
    fillDerivedColumns(stored, {
      ...row,
      attributes: { ...row.attributes, ...attributesOf(stored, body) },
      referenceId: sent === undefined ? row.referenceId : sent,
    }),
    call.now,
  );
}

/** Holds a change of what is fixed to the time before. */
function guardFixedAttributes(
  call: Call,
  { fixed }: StoredType,
  row: ResourceRow,
  after: ResourceRow,
): Required<Pick<Change, "statements" | "guardProblems">> {
  if (!fixed?.attributes.some((name) => row.attributes[name] !== after.attributes[name]))
    return { statements: [], guardProblems: {} };
  const detail = message("resources.fixedAttributes", { fields: fixed.attributes });
  return {
    statements: [guardNoChildren(call.db, row, fixed.by)],
    guardProblems: { has_dependents: new Problem("conflict/state", { detail }) },
  };
}

/** The routes of every stored type. */
export const resourceEndpoints = (types: readonly ResourceType[], views: RowViews): Endpoint[] =>
  types.flatMap((type) => {
    const { stored } = type;
    if (stored === null) return [];
    const has = (change: "create" | "edit" | "delete") => !stored.omittedRoutes?.includes(change);
    return [
      listEndpoint(type, stored, views),
      cardEndpoint(type, stored, views),
      ...(has("delete") ? [removalEndpoint(type, stored)] : []),
      ...(has("create") ? [creationEndpoint(type, stored, types)] : []),
      ...(has("edit") ? [editEndpoint(type, stored)] : []),
      ...actionEndpoints(type, stored),
    ];
  });
