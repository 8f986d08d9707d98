import { z } from "zod";
import { accessFilter } from "../access/decision.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { ownerAccountIdOf } from "../gate/principals/principal.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../kernel/http/page.ts";
import { invalidParameter } from "../kernel/http/problem.ts";
import { modelOf, severalOf } from "./noun.ts";
import { GROUP_FIELD, nullIfEveryGroup, hasOwnGroup } from "./object-group.ts";
import {
  type ObjectReference,
  collectReferences,
  organizationFilter,
  referenceFields,
  requireOrganization,
  requireVisible,
} from "./object-reference.load.ts";
import { cardSchema, visibleCard } from "./resource.card.ts";
import { readWithReferences, rowViewOf, type RowViews } from "./resource.routes.ts";
import { type ListFilter, listResources } from "./resource-list.store.ts";
import { type ResourceType, rightOf, type StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

export function listEndpoint(type: ResourceType, stored: StoredType, views: RowViews): Endpoint {
  const fields = filterFields(type, stored);
  const text = z.string().max(200).optional();
  const names = [...fields.map(([member]) => member), ...(stored.filters ?? [])];
  const query = z.strictObject({
    ...listQuery,
    status: z.string().max(40).optional(),
    ...Object.fromEntries(names.map((name) => [name, text])),
  });
  return endpoint(
    {
      method: "GET",
      path: `/v1/${stored.path}`,
      operationId: `list${modelOf(type)}s`,
      tag: type.title,
      right: rightOf(type, "view"),
      status: 200,
      summary: `List the ${severalOf(type)} that you may see, newest first.`,
      query,
      answer: pageSchema(cardSchema(type, stored)),
    },
    (call) => list(call, type, stored, views),
  );
}

/** The members of the query that name an object, each with its type. */
const filterFields = (type: ResourceType, stored: StoredType) => [
  ...Object.entries(stored.parents),
  ...referenceFields(stored),
  ...(hasOwnGroup(type, stored) ? [GROUP_FIELD] : []),
];

interface ListQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly status?: string | undefined;
}

async function list(
  call: Call<unknown, ListQuery>,
  type: ResourceType,
  stored: StoredType,
  views: RowViews,
): Promise<Answer> {
  call.requireRight(rightOf(type, "view"));
  const query = call.query();
  const values = query as unknown as Readonly<Record<string, unknown>>;
  const queryText = (name: string) => (typeof values[name] === "string" ? values[name] : null);
  const references = collectReferences(call.principal, filterFields(type, stored), (member) =>
    nullIfEveryGroup(queryText(member)),
  );
  const [rows, referenced] = await readWithReferences(
    call,
    listResources(
      call.db,
      ownerAccountIdOf(call.principal, type),
      type.name,
      toListFilter(call, type, stored, references, queryText),
      query.limit + 1,
    ),
    references,
  );
  requireVisible(call, references, referenced, "query");
  await requireOrganization(call, stored, values);
  const view = await rowViewOf(call, type, views, rows);
  return {
    status: 200,
    body: toPage(
      rows,
      query.limit,
      (row) => visibleCard(call.principal, stored, view(row)),
      (row) => row.id,
    ),
  };
}

/** @param references the objects that the query names @param queryText a text of the query, or null */
function toListFilter(
  call: Call<unknown, ListQuery>,
  type: ResourceType,
  stored: StoredType,
  references: readonly ObjectReference[],
  queryText: (name: string) => string | null,
): ListFilter {
  const query = call.query();
  const parents = references.filter(({ field }) => field in stored.parents);
  if (parents.length > 1) throw invalidParameter(parents[1]?.field ?? "", message("resources.oneParent"));
  return {
    access: accessFilter(call.principal.grantSet, rightOf(type, "view")),
    before: decodeCursor(query.cursor, z.string()),
    parentId: parents[0]?.id ?? null,
    referenceId: references.find(({ field }) => field === stored.reference?.field)?.id ?? null,
    groupId: queryText(GROUP_FIELD[0]),
    status: query.status ?? null,
    organizations: organizationFilter(call, stored),
    attributes: Object.fromEntries(
      (stored.filters ?? []).flatMap((name) => {
        const value = queryText(name);
        return value === null ? [] : [[name, value]];
      }),
    ),
  };
}
