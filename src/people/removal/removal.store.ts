import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { inValues } from "../../access/access-filter.store.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { resource } from "../../kernel/schema/resource.ts";
import { accessGrant, member, user } from "../../kernel/schema/team.ts";
import type { MemberRow } from "../members/member.card.ts";
import { MEMBER_LICENSE_TYPE, TASK_TYPE } from "./removal.ts";

const whereOwned = (accountId: string, type: string, memberId: string) =>
  and(eq(resource.accountId, accountId), eq(resource.type, type), eq(resource.ownerId, memberId));

/** The tasks that a member owns, with what decides about them and names them. */
export const findTasks = (db: Db, accountId: string, memberId: string, limit: number) =>
  db
    .select({
      id: resource.id,
      rootId: resource.rootId,
      ownerId: resource.ownerId,
      groupId: resource.groupId,
      status: resource.status,
      name: resource.name,
    })
    .from(resource)
    .where(whereOwned(accountId, TASK_TYPE, memberId))
    .orderBy(asc(resource.id))
    .limit(limit);

/** Fails the batch when the member owns another set of tasks than was read. */
export const guardTasks = (
  db: Db,
  accountId: string,
  memberId: string,
  ids: readonly string[],
): Statement => {
  const tasks = sql`FROM resource
    WHERE account_id = ${accountId} AND type = ${TASK_TYPE} AND owner_id = ${memberId}`;
  return guard(
    db,
    "changed",
    sql`(SELECT COUNT(*) ${tasks}) = ${ids.length}
      AND NOT EXISTS (SELECT 1 ${tasks} AND id NOT IN (SELECT value FROM json_each(${JSON.stringify(ids)})))`,
  );
};

/**
 * Deletes the tasks with the grants on them. The members who had such a grant have other rights from now on,
 * so their versions move.
 */
export function deleteTasks(
  db: Db,
  accountId: string,
  memberId: string,
  ids: readonly string[],
): Statement[] {
  const onTasks = and(
    eq(accessGrant.resourceType, TASK_TYPE),
    inValues(accessGrant.resourceId, new Set(ids)),
  );
  return [
    db.delete(resource).where(whereOwned(accountId, TASK_TYPE, memberId)),
    db
      .update(member)
      .set({ version: sql`${member.version} + 1` })
      .where(inArray(member.id, db.select({ id: accessGrant.memberId }).from(accessGrant).where(onTasks))),
    db.delete(accessGrant).where(onTasks),
  ];
}

const whereOwnedTypes = (accountId: string, types: ReadonlySet<string>, memberId: string) =>
  and(eq(resource.accountId, accountId), inValues(resource.type, types), eq(resource.ownerId, memberId));

/** What else a member owns, of these types. */
export const findOwnedObjects = (db: Db, accountId: string, memberId: string, types: ReadonlySet<string>) =>
  db
    .select({ id: resource.id, type: resource.type, groupId: resource.groupId })
    .from(resource)
    .where(whereOwnedTypes(accountId, types, memberId))
    .orderBy(asc(resource.id));

/**
 * Fails the batch when the member owns other objects by then, so that the events name exactly what is handed
 * over. It works for any number of objects.
 */
export const guardOwnedObjects = (
  db: Db,
  accountId: string,
  memberId: string,
  types: ReadonlySet<string>,
  ids: readonly string[],
): Statement => {
  const owned = whereOwnedTypes(accountId, types, memberId);
  const countAndLast = sql`SELECT COUNT(*) || COALESCE(MAX(${resource.id}), '') FROM ${resource}
    WHERE ${owned}`;
  return guard(db, "changed", sql`(${countAndLast}) = ${`${ids.length}${ids.at(-1) ?? ""}`}`);
};

/**
 * Nothing is left without an owner: what the member had, of these types, is the account owner's. What opened
 * the gate to the member alone ends.
 */
export const handOver = (
  db: Db,
  accountId: string,
  memberId: string,
  ownerId: string,
  types: ReadonlySet<string>,
  now: number,
): Statement[] => [
  db.delete(resource).where(whereOwned(accountId, MEMBER_LICENSE_TYPE, memberId)),
  db
    .update(resource)
    .set({ ownerId, updatedAt: now, version: sql`${resource.version} + 1` })
    .where(whereOwnedTypes(accountId, types, memberId)),
];

/** What else names the member goes with the row: grants, keys, sessions, hooks, invitations, assessments. */
export const deleteMember = (db: Db, { id, accountId }: MemberRow): Statement =>
  db.delete(member).where(and(eq(member.id, id), eq(member.accountId, accountId)));

/** Every address that the member went by: on the card, in the invitation, and the one they sign in with. */
export const findEmailsOf = (db: Db, { id, email, userId }: MemberRow) =>
  db.all<{ email: string }>(
    sql`SELECT ${email} AS email
      UNION SELECT email FROM ${invitation} WHERE member_id = ${id} AND email IS NOT NULL
      UNION SELECT email FROM ${user} WHERE id = ${userId}`,
  );
