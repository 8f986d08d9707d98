import { and, eq, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { type Db, guard, prepared, type Statement } from "../kernel/db.ts";
import { account, member } from "../kernel/schema/team.ts";
import type { Stamp } from "./stamp.ts";

/**
 * The newest versions of the rows behind a stamp; the first statement of a read batch. No row: the member is
 * gone. The columns have different names, because D1 answers a batch as objects, in which two columns of one
 * name become one.
 */
export const readStamp = (db: Db, { memberId, accountId, targetId }: Stamp) =>
  targetId === null
    ? selectOwnVersions(db, { memberId, accountId })
    : selectVersionsBelow(db, { memberId, accountId, targetId });

const MEMBER_VERSION = sql<number>`${member.version}`.as("member_version");
const ACCOUNT_VERSION = sql<number>`${account.version}`.as("account_version");
const target = alias(account, "target");

const selectVersions = (db: Db, targetVersion: SQL<number>) =>
  db
    .select({
      memberVersion: MEMBER_VERSION,
      accountVersion: ACCOUNT_VERSION,
      targetVersion: targetVersion.as("target_version"),
    })
    .from(member)
    .innerJoin(account, eq(account.id, member.accountId))
    .$dynamic();

const SAME_MEMBER = and(
  eq(member.id, sql.placeholder("memberId")),
  eq(account.id, sql.placeholder("accountId")),
);

const selectOwnVersions = prepared((db) => selectVersions(db, sql<number>`0`).where(SAME_MEMBER));

const selectVersionsBelow = prepared((db) =>
  selectVersions(db, sql<number>`${target.version}`)
    .innerJoin(target, eq(target.id, sql.placeholder("targetId")))
    .where(SAME_MEMBER),
);

export const isStampCurrent = (
  stamp: Stamp,
  row: { memberVersion: number; accountVersion: number; targetVersion: number } | undefined,
): boolean =>
  row !== undefined &&
  row.memberVersion === stamp.memberVersion &&
  row.accountVersion === stamp.accountVersion &&
  row.targetVersion === stamp.targetVersion;

/**
 * First statement of a write batch: rolls all of it back unless the stamp still holds, or when one of its
 * rows is gone.
 */
export const guardStamp = (db: Db, stamp: Stamp): Statement => {
  const target = sql`SELECT 1 FROM account t
    WHERE t.id = ${stamp.targetId} AND t.version = ${stamp.targetVersion}`;
  return guard(
    db,
    "stale",
    sql`EXISTS (SELECT 1 FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.id = ${stamp.memberId} AND m.version = ${stamp.memberVersion}
      AND a.id = ${stamp.accountId} AND a.version = ${stamp.accountVersion})
    ${stamp.targetId === null ? sql`` : sql`AND EXISTS (${target})`}`,
  );
};

/**
 * The next call of this member sees what changed, on every isolate. Belongs in the batch of the change.
 * @param at milliseconds since the epoch
 */
export const bumpMember = (db: Db, accountId: string, memberId: string, at: number): Statement =>
  db
    .update(member)
    .set({ version: sql`${member.version} + 1`, updatedAt: at })
    .where(and(eq(member.id, memberId), eq(member.accountId, accountId)));

/**
 * The same for every member of the account, and of those that stand directly below it, whose models go by its
 * settings.
 */
export const bumpAccount = (db: Db, accountId: string): Statement[] => [
  db
    .update(account)
    .set({ version: sql`${account.version} + 1` })
    .where(eq(account.id, accountId)),
  bumpAccountsBelow(db, accountId),
];

export const bumpAccountsBelow = (db: Db, accountId: string): Statement =>
  db
    .update(account)
    .set({ version: sql`${account.version} + 1` })
    .where(eq(account.parentId, accountId));
