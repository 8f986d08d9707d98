import { and, asc, eq, gt, sql } from "drizzle-orm";
import type { GrantRow } from "../access/preset.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { accessGrant, member } from "../schema/team.ts";
import { grantsOf } from "../identity/member.store.ts";
import type { MemberRow } from "./member.card.ts";

/** Columns of the unique key, as a failed write names them. */
export const MEMBER_EMAIL = "member.account_id, member.email";

/** Oldest first, beginning after the id `after`. */
export const listMembers = (db: Db, accountId: string, after: string | null, limit: number) =>
  db.select({ row: member, grants: grantsOf(member) }).from(member)
    .where(and(eq(member.accountId, accountId), after === null ? undefined : gt(member.id, after)))
    .orderBy(asc(member.id)).limit(limit);

export const insertMember = (db: Db, row: MemberRow, grants: readonly GrantRow[]): Statement[] => [
  db.insert(member).values(row),
  ...insertGrants(db, row.accountId, row.id, grants),
];

/** Fails the batch when the account has as many members as its plan allows. */
export const guardMemberLimit = (db: Db, accountId: string, limit: number): Statement =>
  guard(db, "member_limit", sql`(SELECT COUNT(*) FROM member WHERE account_id = ${accountId}) < ${limit}`);

/** Fails the batch when the row is no longer the one that was read. */
export const guardMember = (db: Db, row: Pick<MemberRow, "accountId" | "id" | "version">): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM member WHERE id = ${row.id} AND account_id = ${row.accountId} AND version = ${row.version})`);

/** Fails the batch unless another active member keeps the top role. */
export const guardTopRole = (db: Db, accountId: string, memberId: string, topRole: string): Statement =>
  guard(db, "last_admin", sql`EXISTS (SELECT 1 FROM member m, json_each(m.roles) r
    WHERE m.account_id = ${accountId} AND m.id <> ${memberId} AND m.status = 'active' AND r.value = ${topRole})`);

/** Writes the row as given, with the next version. */
export const updateMember = (db: Db, row: MemberRow): Statement => {
  const { id, accountId, version: _, createdAt: __, ...rest } = row;
  return db.update(member).set({ ...rest, version: sql`${member.version} + 1` }).where(and(eq(member.id, id), eq(member.accountId, accountId)));
};

export const setGroups = (db: Db, accountId: string, memberId: string, groupIds: string[]): Statement =>
  db.update(member).set({ objectGroupIds: groupIds }).where(and(eq(member.id, memberId), eq(member.accountId, accountId)));

export const replaceGrants = (db: Db, accountId: string, memberId: string, grants: readonly GrantRow[]): Statement[] => [
  db.delete(accessGrant).where(and(eq(accessGrant.accountId, accountId), eq(accessGrant.memberId, memberId))),
  ...insertGrants(db, accountId, memberId, grants),
];

const insertGrants = (db: Db, accountId: string, memberId: string, grants: readonly GrantRow[]): Statement[] =>
  grants.length === 0 ? [] : [db.run(sql`INSERT INTO access_grant (member_id, account_id, resource_type, resource_id, access)
    SELECT ${memberId}, ${accountId}, value ->> 'resourceType', value ->> 'resourceId', value ->> 'access' FROM json_each(${JSON.stringify(grants)})`)];
