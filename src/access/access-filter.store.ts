import { type AnyColumn, and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Extent, AccessFilter } from "./decision.ts";

export interface AccessFilterColumns {
  readonly id: AnyColumn;
  readonly rootId: AnyColumn;
  readonly ownerId: AnyColumn;
  readonly groupId: AnyColumn;
  readonly status: AnyColumn;
}

/**
 * An `AccessFilter` as a WHERE condition: reaches exactly the rows that `decide` allows. Ids travel as one
 * JSON parameter.
 */
export function whereAccessible(filter: AccessFilter, columns: AccessFilterColumns): SQL {
  if (filter.kind === "none") return sql`0`;
  const { reach, memberId, groups } = filter;
  const reached = whereInExtent(reach, memberId, columns);
  return (groups === null ? reached : and(reached, inValues(columns.groupId, groups))) ?? sql`0`;
}

const whereInExtent = (
  { all, ids, roots, own, active, inside }: Extent,
  memberId: string,
  columns: AccessFilterColumns,
): SQL =>
  all
    ? sql`1`
    : (or(
        ids.size > 0 ? inValues(columns.id, ids) : undefined,
        roots.size > 0 ? inValues(columns.rootId, roots) : undefined,
        own ? eq(columns.ownerId, memberId) : undefined,
        active ? eq(columns.status, "active") : undefined,
        inside === null
          ? undefined
          : and(
              or(eq(columns.ownerId, memberId), inValues(columns.id, inside.ids)),
              inValues(columns.rootId, inside.under),
            ),
      ) ?? sql`0`);

/**
 * One way in which rows are reached: by an index on `column`, and then only those for which `condition`
 * holds.
 */
export interface IndexPath {
  readonly column: AnyColumn;
  readonly values: ReadonlySet<string>;
  readonly condition: SQL | undefined;
}

/**
 * The same as index scans, four at most. Each reads few rows, even if the type has many. Null: every row is
 * reached, so the table itself is read.
 */
export function indexPaths(
  filter: Extract<AccessFilter, { kind: "some" }>,
  columns: AccessFilterColumns,
): IndexPath[] | null {
  const { reach, memberId, groups } = filter;
  const inGroups = groups === null ? undefined : inValues(columns.groupId, groups);
  if (!reach.all)
    return extentIndexPaths(reach, memberId, columns).map((way) => ({
      ...way,
      condition: and(way.condition, inGroups),
    }));
  return groups === null ? null : [{ column: columns.groupId, values: groups, condition: undefined }];
}

function extentIndexPaths(
  { ids, roots, own, active, inside }: Extent,
  memberId: string,
  columns: AccessFilterColumns,
): IndexPath[] {
  const under = inside === null ? undefined : inValues(columns.rootId, inside.under);
  return [
    {
      column: columns.id,
      values: ids.union(inside?.ids ?? new Set<string>()),
      condition: under && or(inValues(columns.id, ids), under),
    },
    { column: columns.rootId, values: roots, condition: undefined },
    {
      column: columns.ownerId,
      values: new Set(own || inside !== null ? [memberId] : []),
      condition: own ? undefined : under,
    },
    { column: columns.status, values: new Set(active ? ["active"] : []), condition: undefined },
  ].filter(({ values }) => values.size > 0);
}

export const inValues = (column: AnyColumn, values: ReadonlySet<string>): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify([...values])}))`;
