import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { AccessFilter } from "../access/decision.ts";
import { inValues, type IndexPath, indexPaths } from "../access/access-filter.store.ts";
import type { Db } from "../kernel/db.ts";
import { resource } from "../kernel/schema/resource.ts";

export interface ListFilter {
  readonly visible: AccessFilter;
  readonly parentId: string | null;
  readonly referenceId: string | null;
  readonly groupId: string | null;
  readonly status: string | null;
  /**
   * Rows that name an account below in this attribute: those for these accounts only, and those for none in
   * particular.
   */
  readonly scope: { readonly attribute: string; readonly ids: ReadonlySet<string> } | null;
  /** Exact values of attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Begins before this id. */
  readonly before: string | null;
}

/**
 * The index that holds the rows of each way in the order of the list. It is named in the query: rows of no
 * table are counted here, so the database would guess, and it guesses the key.
 */
const INDEXES: Readonly<Record<string, string>> = {
  root_id: "resource_root",
  owner_id: "resource_owner",
  status: "resource_status",
  group_id: "resource_group",
  parent_id: "resource_parent",
  reference_id: "resource_reference",
};

/**
 * Newest first, always in one query. Where the member does not see every object, each way to what they see
 * is gone by its index and no further than a page; what a page then shows is read from the table.
 */
export function listResources(db: Db, accountId: string, type: string, filter: ListFilter, limit: number) {
  const inType = and(eq(resource.accountId, accountId), eq(resource.type, type));
  const inList = and(
    inType,
    narrowed(filter),
    filter.before === null ? undefined : lt(resource.id, filter.before),
  );
  const ways = waysOf(filter);
  const reached = ways === null ? inList : and(inType, reachedBy(ways, inList, limit));
  return db.select().from(resource).where(reached).orderBy(desc(resource.id)).limit(limit);
}

const narrowed = ({
  parentId,
  referenceId,
  groupId,
  status,
  scope,
  attributes,
}: ListFilter): SQL | undefined =>
  and(
    parentId === null ? undefined : eq(resource.parentId, parentId),
    referenceId === null ? undefined : eq(resource.referenceId, referenceId),
    groupId === null ? undefined : eq(resource.groupId, groupId),
    status === null ? undefined : eq(resource.status, status),
    scope === null
      ? undefined
      : sql`coalesce(${resource.attributes} ->> ${`$.${scope.attribute}`}, '')
          IN (SELECT value FROM json_each(${JSON.stringify(["", ...scope.ids])}))`,
    Object.keys(attributes).length === 0
      ? undefined
      : sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(attributes)}) wanted
          WHERE ${resource.attributes} ->> wanted.key IS NOT wanted.value)`,
  );

/**
 * The ways to what is visible or, where everything is, to what the filter leaves; null where that is
 * everything too.
 */
function waysOf({
  visible,
  parentId,
  referenceId,
  groupId,
  status,
}: ListFilter): readonly IndexPath[] | null {
  const way = (column: IndexPath["column"], value: string): IndexPath => ({
    column,
    values: new Set([value]),
    condition: undefined,
  });
  const asked = [
    [resource.parentId, parentId],
    [resource.referenceId, referenceId],
    [resource.groupId, groupId],
  ] as const;
  const [few = null] = asked.flatMap(([column, value]) => (value === null ? [] : [way(column, value)]));
  const ways = visible.kind === "none" ? [] : indexPaths(visible, resource);
  if (ways === null) return few !== null ? [few] : status !== null ? [way(resource.status, status)] : null;
  // All that belongs to one parent stands under one root and in one group: the parent is the shorter way to
  // it. Not so a group.
  const isLonger = ({ column }: IndexPath) =>
    column === resource.groupId || (column === resource.rootId && few?.column !== resource.groupId);
  return ways.map((each) =>
    few !== null && isLonger(each)
      ? { ...few, condition: and(inValues(each.column, each.values), each.condition) }
      : each,
  );
}

/** Ids of the newest rows on these ways. `inList` is what holds for each row of the list. */
function reachedBy(ways: readonly IndexPath[], inList: SQL | undefined, limit: number): SQL {
  if (ways.length === 0) return sql`0`;
  const parts = ways.map(({ column, values, condition }) => {
    const on = and(inList, sql`${column} = reached.value`, condition);
    const index = INDEXES[column.name];
    const rows = index === undefined ? sql`${resource}` : sql`${resource} INDEXED BY ${sql.raw(index)}`;
    // As many as a page of each value: the rows down to the last of them.
    const enough =
      index === undefined
        ? undefined
        : sql`${resource.id} >= coalesce((SELECT ${resource.id} FROM ${rows} WHERE ${on}
            ORDER BY ${resource.id} DESC LIMIT 1 OFFSET ${limit - 1}), '')`;
    return sql`SELECT ${resource.id} FROM json_each(${JSON.stringify([...values])}) reached
      CROSS JOIN ${rows} WHERE ${and(on, enough)}`;
  });
  return sql`${resource.id} IN
    (SELECT id FROM (${sql.join(parts, sql` UNION `)}) ORDER BY id DESC LIMIT ${limit})`;
}
