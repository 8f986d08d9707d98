import { type AnyColumn, and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Visible } from "./decide.ts";

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
  const reached = reach.all ? sql`1` : or(
    reach.ids.size > 0 ? among(columns.id, reach.ids) : undefined,
    reach.roots.size > 0 ? among(columns.rootId, reach.roots) : undefined,
    reach.own ? eq(columns.ownerId, memberId) : undefined,
    reach.active ? eq(columns.status, "active") : undefined,
  ) ?? sql`0`;
  return (groups === null ? reached : and(reached, among(columns.groupId, groups))) ?? sql`0`;
}

const among = (column: AnyColumn, values: ReadonlySet<string>): SQL =>
  sql`${column} IN (SELECT value FROM json_each(${JSON.stringify([...values])}))`;
