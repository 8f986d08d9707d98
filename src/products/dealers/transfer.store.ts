import { and, eq, inArray, or, sql } from "drizzle-orm";
import { EVERY_GROUP } from "../../access/grant-set.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { resource, type ResourceRow } from "../../kernel/schema/resource.ts";
import { account } from "../../kernel/schema/team.ts";

export const findAccounts = (db: Db, ids: readonly string[]) =>
  db
    .select()
    .from(account)
    .where(inArray(account.id, [...ids]));

/** Fails the batch when the account stands elsewhere by now, or belongs to another member. */
export const guardReceiver = (
  db: Db,
  { id, parentId, ownerMemberId }: Pick<typeof account.$inferSelect, "id" | "parentId" | "ownerMemberId">,
): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM account WHERE id = ${id} AND parent_id IS ${parentId}
      AND owner_member_id = ${ownerMemberId})`,
  );

/**
 * Takes an object and everything under it to another account: it is in no group there, and belongs to that
 * account's owner.
 */
export const transferObject = (
  db: Db,
  permit: Permit,
  row: ResourceRow,
  to: { readonly id: string; readonly ownerMemberId: string },
  now: number,
): Statement => {
  permit.requireFor(row.id);
  return db
    .update(resource)
    .set({
      accountId: to.id,
      groupId: EVERY_GROUP,
      ownerId: to.ownerMemberId,
      updatedAt: now,
      version: sql`${resource.version} + 1`,
      // A corporation stays where it is.
      referenceId: sql`CASE WHEN ${resource.id} = ${row.id} THEN NULL ELSE ${resource.referenceId} END`,
    })
    .where(
      and(
        eq(resource.accountId, row.accountId),
        or(
          and(eq(resource.type, row.type), eq(resource.id, row.id)),
          sql`${resource.type} IN ('key', 'request', 'sos_license') AND ${resource.rootId} = ${row.id}`,
        ),
      ),
    );
};
