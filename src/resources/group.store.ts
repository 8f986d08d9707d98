import { and, eq, sql } from "drizzle-orm";
import { inValues } from "../access/access-filter.store.ts";
import type { Permit } from "../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { resource, type ResourceRow } from "../kernel/schema/resource.ts";

/**
 * Fails the batch while anything is in the group, or a member has it. @param types that are kept in groups
 */
export const guardEmptyGroup = (
  db: Db,
  { accountId, id }: Pick<ResourceRow, "accountId" | "id">,
  types: ReadonlySet<string>,
): Statement =>
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM ${resource}
      WHERE ${and(
        eq(resource.accountId, accountId),
        inValues(resource.type, types),
        eq(resource.groupId, id),
      )})
    AND NOT EXISTS (SELECT 1 FROM member m, json_each(m.object_group_ids) g
      WHERE m.account_id = ${accountId} AND g.value = ${id})`,
  );

/**
 * Moves an object and everything under it, so that no reader ever sees one part here and the other there.
 * @param types that are kept in groups
 */
export function moveToGroup(
  db: Db,
  permit: Permit,
  { accountId, type, id }: ResourceRow,
  groupId: string,
  types: ReadonlySet<string>,
  now: number,
): Statement[] {
  permit.requireFor(id);
  const moved = { groupId, updatedAt: now, version: sql`${resource.version} + 1` };
  return [
    db
      .update(resource)
      .set(moved)
      .where(and(eq(resource.accountId, accountId), eq(resource.type, type), eq(resource.id, id))),
    db
      .update(resource)
      .set(moved)
      .where(and(eq(resource.accountId, accountId), inValues(resource.type, types), eq(resource.rootId, id))),
  ];
}
