import { type AnyColumn, and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Reach, Visible } from "./decide.ts";

export interface VisibleColumns {
  readonly id: AnyColumn;
  readonly rootId: AnyColumn;
  readonly ownerId: AnyColumn;
  readonly groupId: AnyColumn;
  readonly status: AnyColumn;
}

/**
 * `visible` as a WHERE condition: reaches exactly the rows that `decide` allows. Ids travel as one JSON
 * parameter.
 */
export function whereVisible(visible: Visible, columns: VisibleColumns): SQL {
  if (visible.kind === "none") return sql`0`;
  const { reach, memberId, groups } = visible;
  const reached = whereReached(reach, memberId, columns);
  return (groups === null ? reached : and(reached, among(columns.groupId, groups))) ?? sql`0`;
}

const whereReached = (
  { all, ids, roots, own, active, inside }: Reach,
  memberId: string,
  columns: VisibleColumns,
): SQL =>
  all
    ? sql`1`
    : (or(
        ids.size > 0 ? among(columns.id, ids) : undefined,
        roots.size > 0 ? among(columns.rootId, roots) : undefined,
        own ? eq(columns.ownerId, memberId) : undefined,
        active ? eq(columns.status, "active") : undefined,
        inside === null
          ? undefined
          : and(
              or(eq(columns.ownerId, memberId), among(columns.id, inside.ids)),
              among(columns.rootId, inside.under),
            ),
      ) ?? sql`0`);

/** One way in which rows are reached: by an index on `column`, and then only those for which `rest` holds. */
export interface Way {
  readonly column: AnyColumn;
  readonly values: ReadonlySet<string>;
  readonly rest: SQL | undefined;
}

/**
 * The same as index scans, four at most. Each reads few rows, even if the type has many. Null: every row is
 * reached, so the table itself is read.
 */
export function waysTo(visible: Extract<Visible, { kind: "some" }>, columns: VisibleColumns): Way[] | null {
  const { reach, memberId, groups } = visible;
  const inGroups = groups === null ? undefined : among(columns.groupId, groups);
  if (!reach.all)
    return waysOf(reach, memberId, columns).map((way) => ({ ...way, rest: and(way.rest, inGroups) }));
  return groups === null ? null : [{ column: columns.groupId, values: groups, rest: undefined }];
}

function waysOf(
  { ids, roots, own, active, inside }: Reach,
  memberId: string,
  columns: VisibleColumns,
): Way[] {
  const under = inside === null ? undefined : among(columns.rootId, inside.under);
  return [
    {
      column: columns.id,
      values: ids.union(inside?.ids ?? new Set<string>()),
      rest: under && or(among(columns.id, ids), under),
    },
    { column: columns.rootId, values: roots, rest: undefined },
    {
      column: columns.ownerId,
      values: new Set(own || inside !== null ? [memberId] : []),
      rest: own ? undefined : under,
    },
    { column: columns.status, values: new Set(active ? ["active"] : []), rest: undefined },
  ].filter(({ values }) => values.size > 0);
}

export const among = (column: AnyColumn, values: ReadonlySet<string>): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify([...values])}))`;
