import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { AccessFilter } from "../access/decision.ts";
import { inValues, type IndexPath, indexPaths } from "../access/access-filter.store.ts";
import type { Db } from "../kernel/db.ts";
import { resource } from "../kernel/schema/resource.ts";

export interface ListFilter {
  readonly access: AccessFilter;
  readonly parentId: string | null;
  readonly referenceId: string | null;
  readonly groupId: string | null;
  readonly status: string | null;
  /**
   * Rows that name an account below in this attribute: those for these accounts only, and those for none in
   * particular.
   */
  readonly organizations: { readonly attribute: string; readonly ids: ReadonlySet<string> } | null;
  /** Exact values of attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Begins before this id. */
  readonly before: string | null;
}

/**
 * The index that holds the rows of each way in the order of the list. It is named in the query: rows of no
 * table are counted here, so the database would guess, and it guesses the key.
 */
const INDEX_BY_COLUMN: Readonly<Record<string, string>> = {
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
    whereFilters(filter),
    filter.before === null ? undefined : lt(resource.id, filter.before),
  );
  const paths = chooseIndexPaths(filter);
  const condition = paths === null ? inList : and(inType, whereOnPaths(paths, inList, limit));
  return db.select().from(resource).where(condition).orderBy(desc(resource.id)).limit(limit);
}

const whereFilters = ({
  parentId,
  referenceId,
  groupId,
  status,
  organizations,
  attributes,
}: ListFilter): SQL | undefined =>
  and(
    parentId === null ? undefined : eq(resource.parentId, parentId),
    referenceId === null ? undefined : eq(resource.referenceId, referenceId),
    groupId === null ? undefined : eq(resource.groupId, groupId),
    status === null ? undefined : eq(resource.status, status),
    organizations === null
      ? undefined
      : sql`coalesce(${resource.attributes} ->> ${`$.${organizations.attribute}`}, '')
          IN (SELECT value FROM json_each(${JSON.stringify(["", ...organizations.ids])}))`,
    Object.keys(attributes).length === 0
      ? undefined
      : sql`NOT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(attributes)}) wanted
          WHERE ${resource.attributes} ->> wanted.key IS NOT wanted.value)`,
  );

/**
 * The ways to what is visible or, where everything is, to what the filter leaves; null where that is
 * everything too.
 */
function chooseIndexPaths({
  access,
  parentId,
  referenceId,
  groupId,
  status,
}: ListFilter): readonly IndexPath[] | null {
  const pathOf = (column: IndexPath["column"], value: string): IndexPath => ({
    column,
    values: new Set([value]),
    condition: undefined,
  });
  const filterPaths = [
    [resource.parentId, parentId],
    [resource.referenceId, referenceId],
    [resource.groupId, groupId],
  ] as const;
  const [narrowPath = null] = filterPaths.flatMap(([column, value]) =>
    value === null ? [] : [pathOf(column, value)],
  );
  const accessPaths = access.kind === "none" ? [] : indexPaths(access, resource);
  if (accessPaths === null)
    return narrowPath !== null ? [narrowPath] : status !== null ? [pathOf(resource.status, status)] : null;
  // All that belongs to one parent stands under one root and in one group: the parent is the shorter way to
  // it. Not so a group.
  const isLonger = ({ column }: IndexPath) =>
    column === resource.groupId || (column === resource.rootId && narrowPath?.column !== resource.groupId);
  return accessPaths.map((each) =>
    narrowPath !== null && isLonger(each)
      ? { ...narrowPath, condition: and(inValues(each.column, each.values), each.condition) }
      : each,
  );
}

/** Ids of the newest rows on these ways. `inList` is what holds for each row of the list. */
function whereOnPaths(paths: readonly IndexPath[], inList: SQL | undefined, limit: number): SQL {
  if (paths.length === 0) return sql`0`;
  const parts = paths.map(({ column, values, condition }) => {
    const joinCondition = and(inList, sql`${column} = reached.value`, condition);
    const index = INDEX_BY_COLUMN[column.name];
    const rows = index === undefined ? sql`${resource}` : sql`${resource} INDEXED BY ${sql.raw(index)}`;
    // As many as a page of each value: the rows down to the last of them.
    const pageBound =
      index === undefined
        ? undefined
        : sql`${resource.id} >= coalesce((SELECT ${resource.id} FROM ${rows} WHERE ${joinCondition}
            ORDER BY ${resource.id} DESC LIMIT 1 OFFSET ${limit - 1}), '')`;
    return sql`SELECT ${resource.id} FROM json_each(${JSON.stringify([...values])}) reached
      CROSS JOIN ${rows} WHERE ${and(joinCondition, pageBound)}`;
  });
  return sql`${resource.id} IN
    (SELECT id FROM (${sql.join(parts, sql` UNION `)}) ORDER BY id DESC LIMIT ${limit})`;
}
