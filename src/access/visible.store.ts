import { type AnyColumn, and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Reach, Visible } from "./decide.ts";

export interface VisibleColumns {
  readonly id: AnyColumn;
  readonly rootId: AnyColumn;
  readonly ownerId: AnyColumn;
  readonly groupId: AnyColumn;
  readonly status: AnyColumn;
}

/** `visible` as a WHERE condition: reaches exactly the rows that `decide` allows. Ids travel as one JSON parameter. */
export function whereVisible(visible: Visible, columns: VisibleColumns): SQL {
  if (visible.kind === "none") return sql`0`;
  const { reach, memberId, groups } = visible;
  const reached = whereReached(reach, memberId, columns);
  return (groups === null ? reached : and(reached, among(columns.groupId, groups))) ?? sql`0`;
}

const whereReached = (reach: Reach, memberId: string, columns: VisibleColumns): SQL =>
  reach.all ? sql`1` : or(...waysOf(reach, memberId, columns).map(({ column, values, rest }) => and(among(column, values), rest))) ?? sql`0`;

/** One way in which rows are reached: by an index on `column`, and then only those for which `rest` holds. */
export interface Way {
  readonly column: AnyColumn;
  readonly values: ReadonlySet<string>;
  readonly rest: SQL | undefined;
}

/**
 * The same as ways that an index can go, each to few rows however many there are of the type. Null: everything is
 * reached, and the table itself is the way.
 */
export function waysTo(visible: Extract<Visible, { kind: "some" }>, columns: VisibleColumns): Way[] | null {
  const { reach, memberId, groups } = visible;
  if (groups !== null) return [{ column: columns.groupId, values: groups, rest: whereReached(reach, memberId, columns) }];
  return reach.all ? null : waysOf(reach, memberId, columns);
}

function waysOf({ ids, roots, own, active, inside }: Reach, memberId: string, columns: VisibleColumns): Way[] {
  return [
    ...(ids.size > 0 ? [{ column: columns.id, values: ids, rest: undefined }] : []),
    ...(roots.size > 0 ? [{ column: columns.rootId, values: roots, rest: undefined }] : []),
    ...(own ? [{ column: columns.ownerId, values: new Set([memberId]), rest: undefined }] : []),
    ...(active ? [{ column: columns.status, values: new Set(["active"]), rest: undefined }] : []),
    ...(inside === null ? [] : [{ column: columns.rootId, values: inside.under, rest: or(eq(columns.ownerId, memberId), among(columns.id, inside.ids)) }]),
  ];
}

export const among = (column: AnyColumn, values: ReadonlySet<string>): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify([...values])}))`;
