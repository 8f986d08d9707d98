import { and, eq, sql } from "drizzle-orm";
import type { GrantRow } from "../../access/preset.ts";
import { type Db, type Expression, guard, type Statement } from "../../kernel/db.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { LOGINS_MAX } from "./member-limit.ts";
import { accessGrant, member } from "../../kernel/schema/team.ts";
import type { MemberRow } from "./member.card.ts";
import { foldSearchFields } from "./member-search.ts";

/** Columns of the unique key, as a failed write names them. */
export const MEMBER_EMAIL_COLUMNS = "member.account_id, member.email";
export const MEMBER_EXTERNAL_ID_COLUMNS = "member.account_id, member.external_id";

/**
 * @param hasLoginNumbers the model's members have logins: the next one above all, or the lowest that is free
 * again
 */
export const insertMember = (
  db: Db,
  permit: Permit,
  row: MemberRow,
  grants: readonly GrantRow[],
  hasLoginNumbers: boolean,
): Statement[] => {
  permit.requireFor(row.id);
  return [
    db.insert(member).values({ ...row, ...(hasLoginNumbers ? { login: nextLogin(row.accountId) } : {}) }),
    ...insertGrants(db, row.accountId, row.id, grants),
  ];
};

/** Asked inside the insert, so that no two members get the same however many are added at once. */
const nextLogin = (
  accountId: string,
) => sql`(SELECT CASE WHEN top IS NULL THEN '0001' WHEN top < '9999' THEN printf('%04d', top + 1) ELSE (
    SELECT printf('%04d', MIN(n)) FROM (
      SELECT 1 AS n
      UNION ALL SELECT login + 1 FROM member WHERE account_id = ${accountId} AND login IS NOT NULL)
    WHERE n <= ${LOGINS_MAX} AND NOT EXISTS (SELECT 1 FROM member taken
      WHERE taken.account_id = ${accountId} AND taken.login = printf('%04d', n))
  ) END FROM (SELECT MAX(login) AS top FROM member WHERE account_id = ${accountId} AND login IS NOT NULL))`;

/** The login that a member was given, for the batch that gives it. */
export const generatedLoginOf = (memberId: string): Expression =>
  sql`(SELECT login FROM member WHERE id = ${memberId})`;

/** Fails the batch when the account has as many members as its plan allows. */
export const guardMemberLimit = (db: Db, accountId: string, limit: number): Statement =>
  guard(db, "member_limit", sql`(SELECT COUNT(*) FROM member WHERE account_id = ${accountId}) < ${limit}`);

/** Fails the batch when the row is no longer the one that was read. */
export const guardMember = (db: Db, row: Pick<MemberRow, "accountId" | "id" | "version">): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM member
    WHERE id = ${row.id} AND account_id = ${row.accountId} AND version = ${row.version})`,
  );

/** Fails the batch unless another active member keeps the top role. */
export const guardTopRole = (db: Db, accountId: string, memberId: string, topRole: string): Statement =>
  guard(
    db,
    "last_admin",
    sql`EXISTS (SELECT 1 FROM member m, json_each(m.roles) r
    WHERE m.account_id = ${accountId} AND m.id <> ${memberId} AND m.status = 'active'
      AND r.value = ${topRole})`,
  );

/** Writes the row as given, with the next version. */
export const updateMember = (db: Db, permit: Permit, row: MemberRow): Statement => {
  permit.requireFor(row.id);
  const { id, accountId, version: _, createdAt: __, ...rest } = row;
  return db
    .update(member)
    .set({ ...rest, ...foldSearchFields(rest), version: sql`${member.version} + 1` })
    .where(and(eq(member.id, id), eq(member.accountId, accountId)));
};

export const updateObjectGroups = (
  db: Db,
  permit: Permit,
  accountId: string,
  memberId: string,
  groupIds: string[],
): Statement => {
  permit.requireFor(memberId);
  return db
    .update(member)
    .set({ objectGroupIds: groupIds })
    .where(and(eq(member.id, memberId), eq(member.accountId, accountId)));
};

export const replaceGrants = (
  db: Db,
  permit: Permit,
  accountId: string,
  memberId: string,
  grants: readonly GrantRow[],
): Statement[] => {
  permit.requireFor(memberId);
  return [
    db
      .delete(accessGrant)
      .where(and(eq(accessGrant.accountId, accountId), eq(accessGrant.memberId, memberId))),
    ...insertGrants(db, accountId, memberId, grants),
  ];
};

const insertGrants = (
  db: Db,
  accountId: string,
  memberId: string,
  grants: readonly GrantRow[],
): Statement[] =>
  grants.length === 0
    ? []
    : [
        db.run(sql`INSERT INTO access_grant (member_id, account_id, resource_type, resource_id, access)
    SELECT ${memberId}, ${accountId}, value ->> 'resourceType', value ->> 'resourceId', value ->> 'access'
    FROM json_each(${JSON.stringify(grants)})`),
      ];
