import { z } from "zod";
import { accessFilter } from "../access/decision.ts";
import { type Call, type Endpoint, endpoint } from "../gate/calls/call.ts";
import { ownerAccountIdOf } from "../gate/principals/principal.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../kernel/http/page.ts";
import { Problem } from "../kernel/http/problem.ts";
import { GROUP_MEMBER, namedObject, takesGroup } from "./group.ts";
import {
  type Named,
  namedBy,
  organizationScope,
  referencesOf,
  requireOrganization,
  requireVisible,
} from "./named.change.ts";
import { cardSchema, shownCard } from "./resource.card.ts";
import { readWith, viewOf, type Views } from "./resource.routes.ts";
import { type ListFilter, listResources } from "./resource-list.store.ts";
import { type ResourceType, rightOf, type StoredType } from "./type.ts";

export function listEndpoint(type: ResourceType, stored: StoredType, views: Views): Endpoint {
  const members = filterMembers(type, stored);
  const text = z.string().max(200).optional();
  const names = [...members.map(([member]) => member), ...(stored.filters ?? [])];
  const query = z.strictObject({
    ...listQuery,
    status: z.string().max(40).optional(),
    ...Object.fromEntries(names.map((name) => [name, text])),
  });
  return endpoint(
    {
      method: "GET",
      path: `/v1/${stored.path}`,
      tag: type.title,
      right: rightOf(type, "view"),
      status: 200,
      summary: `${type.title} that you may see, newest first.`,
      query,
      answer: pageSchema(cardSchema(type, stored)),
    },
    (call) => list(call, type, stored, views),
  );
}

/** The members of the query that name an object, each with its type. */
const filterMembers = (type: ResourceType, stored: StoredType) => [
  ...Object.entries(stored.parents),
  ...referencesOf(stored),
  ...(takesGroup(type, stored) ? [GROUP_MEMBER] : []),
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
  views: Views,
): Promise<Answer> {
  call.requireRight(rightOf(type, "view"));
  const asked = call.query();
  const values = asked as unknown as Readonly<Record<string, unknown>>;
  const textOf = (name: string) => (typeof values[name] === "string" ? values[name] : null);
  const named = namedBy(call.principal, filterMembers(type, stored), (member) => namedObject(textOf(member)));
  const [rows, others] = await readWith(
    call,
    listResources(
      call.db,
      ownerAccountIdOf(call.principal, type),
      type.name,
      filterOf(call, type, stored, named, textOf),
      asked.limit + 1,
    ),
    named,
  );
  requireVisible(call, named, others, "query");
  await requireOrganization(call, stored, values);
  const view = await viewOf(call, type, views, rows);
  return {
    status: 200,
    body: toPage(
      rows,
      asked.limit,
      (row) => shownCard(call.principal, stored, view(row)),
      (row) => row.id,
    ),
  };
}

/** @param named the objects that the query names @param textOf a text of the query, or null */
function filterOf(
  call: Call<unknown, ListQuery>,
  type: ResourceType,
  stored: StoredType,
  named: readonly Named[],
  textOf: (name: string) => string | null,
): ListFilter {
  const asked = call.query();
  const parents = named.filter(({ member }) => member in stored.parents);
  if (parents.length > 1)
    throw new Problem("validation", {
      errors: [{ pointer: parents[1]?.member ?? "", detail: "filter by one parent at a time" }],
    });
  return {
    visible: accessFilter(call.principal.grantSet, rightOf(type, "view")),
    before: decodeCursor(asked.cursor, z.string()),
    parentId: parents[0]?.id ?? null,
    referenceId: named.find(({ member }) => member === stored.reference?.member)?.id ?? null,
    groupId: textOf(GROUP_MEMBER[0]),
    status: asked.status ?? null,
    scope: organizationScope(call, stored),
    attributes: Object.fromEntries(
      (stored.filters ?? []).flatMap((name) => {
        const value = textOf(name);
        return value === null ? [] : [[name, value]];
      }),
    ),
  };
}
