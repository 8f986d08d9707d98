import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { apiKey } from "../../kernel/schema/identity.ts";
import { member } from "../../kernel/schema/team.ts";
import { customRolesOf, grantsOf } from "../credentials/member.store.ts";
import type { Permit } from "../permits/permit.ts";

export type KeyRow = typeof apiKey.$inferSelect;

export const insertKey = (db: Db, permit: Permit, row: typeof apiKey.$inferInsert): Statement => {
  permit.requireFor(row.memberId);
  return db.insert(apiKey).values(row);
};

/** A key, and the access of its member under a name of its own, apart from the columns of the key. */
export const findKey = (db: Db, accountId: string, id: string) =>
  db
    .select({
      key: apiKey,
      roles: sql`${member.roles}`.mapWith(member.roles).as("member_roles"),
      rights: sql`${member.rights}`.mapWith(member.rights).as("member_rights"),
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
    })
    .from(apiKey)
    .innerJoin(member, eq(member.id, apiKey.memberId))
    .where(and(eq(apiKey.accountId, accountId), eq(apiKey.id, id)));

/** Fails the batch when the member is no longer the one for whom the key was allowed. */
export const guardKeyMember = (db: Db, memberId: string, version: number): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM member WHERE id = ${memberId} AND version = ${version})`);

/** Newest first, beginning before the id `before`. */
export const listKeys = (db: Db, accountId: string, memberId: string, before: string | null, limit: number) =>
  db
    .select()
    .from(apiKey)
    .where(
      and(
        eq(apiKey.accountId, accountId),
        eq(apiKey.memberId, memberId),
        before === null ? undefined : lt(apiKey.id, before),
      ),
    )
    .orderBy(desc(apiKey.id))
    .limit(limit);

/** Kept to the hour, so that a busy key does not cost a row for each call. */
export const touchKey = (db: Db, id: string, at: number): Statement =>
  db
    .update(apiKey)
    .set({ lastUsedAt: at })
    .where(and(eq(apiKey.id, id), or(isNull(apiKey.lastUsedAt), lt(apiKey.lastUsedAt, at - 3_600_000))));
