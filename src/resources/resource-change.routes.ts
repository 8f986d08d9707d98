import { diffFields } from "../audit/chain/difference.ts";
import { type Call, type Change, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { versionEtag } from "../gate/calls/gate-request.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem } from "../kernel/http/problem.ts";
import { nextVersion } from "../kernel/version.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { actionEndpoints } from "./action.routes.ts";
import { requireDistinctName } from "./distinct-name.change.ts";
import {
  namedBy,
  referencesOf,
  requireConfidential,
  requireOrganization,
  requireVisible,
} from "./named.change.ts";
import { cardSchema, completeRow, patchBody, resourceCard, trailCard } from "./resource.card.ts";
import { creationEndpoint } from "./resource-creation.routes.ts";
import { listEndpoint } from "./resource-list.routes.ts";
import { cardEndpoint, loadResource, removalEndpoint, type Views } from "./resource.routes.ts";
import { guardPresence, guardResource, guardWithout, UNIQUE_KEY, updateResource } from "./resource.store.ts";
import { attributesOf, referenceId, type ResourceType, rightOf, type StoredType } from "./type.ts";

type Body = Readonly<Record<string, unknown>>;

const editEndpoint = (type: ResourceType, stored: StoredType): Endpoint =>
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
    (call) => edit(call, type, stored),
  );

async function edit(call: Call<Body>, type: ResourceType, stored: StoredType): Promise<Answer> {
  const named = namedBy(call.principal, referencesOf(stored), (member) => call.peekField(member));
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
  const after = editedRow(call, stored, row, body);
  const answer = {
    status: 200,
    body: resourceCard(stored, after, call.principal.grantSet),
    headers: { ETag: versionEtag(after.version) },
  };
  if (after === row) return answer;
  const changes = diffFields(trailCard(stored, row), trailCard(stored, after));
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
      duplicateProblems: { [UNIQUE_KEY]: "conflict/duplicate" },
      guardProblems: fixed.guardProblems,
    },
    answer,
  );
}

function editedRow(call: Call, stored: StoredType, row: ResourceRow, body: Body): ResourceRow {
  const sent = referenceId(stored, body);
  return nextVersion(
    row,
    completeRow(stored, {
      ...row,
      attributes: { ...row.attributes, ...attributesOf(stored, body) },
      referenceId: sent === undefined ? row.referenceId : sent,
    }),
    call.now,
  );
}

/** Holds a change of what is fixed to the time before. */
function guardFixed(
  call: Call,
  { fixed }: StoredType,
  row: ResourceRow,
  after: ResourceRow,
): Required<Pick<Change, "statements" | "guardProblems">> {
  if (!fixed?.attributes.some((name) => row.attributes[name] !== after.attributes[name]))
    return { statements: [], guardProblems: {} };
  const detail = `Its ${fixed.attributes.join(" and ")} change no more: something was made by them.`;
  return {
    statements: [guardWithout(call.db, row, fixed.by)],
    guardProblems: { has_dependents: new Problem("conflict/state", { detail }) },
  };
}

/** The routes of every stored type. */
export const resourceEndpoints = (types: readonly ResourceType[], views: Views): Endpoint[] =>
  types.flatMap((type) => {
    const { stored } = type;
    if (stored === null) return [];
    const has = (change: "create" | "edit" | "delete") => !stored.without?.includes(change);
    return [
      listEndpoint(type, stored, views),
      cardEndpoint(type, stored, views),
      ...(has("delete") ? [removalEndpoint(type, stored)] : []),
      ...(has("create") ? [creationEndpoint(type, stored, types)] : []),
      ...(has("edit") ? [editEndpoint(type, stored)] : []),
      ...actionEndpoints(type, stored),
    ];
  });
