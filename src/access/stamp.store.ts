import { and, eq, sql } from "drizzle-orm";
import { type Db, guard, prepared, type Statement } from "../kernel/db.ts";
import { account, member } from "../schema/team.ts";
import type { Stamp } from "./stamp.ts";

/**
 * The newest versions of the rows behind a stamp; rides in front of a read batch. No row: the member is gone.
 * Named apart because D1 answers a batch as objects, in which two columns of one name become one.
 */
export const readStamp = (db: Db, { memberId, accountId }: Stamp) => versions(db, { memberId, accountId });

const versions = prepared((db) =>
  db.select({ memberVersion: sql<number>`${member.version}`.as("member_version"), accountVersion: sql<number>`${account.version}`.as("account_version") })
    .from(member)
    .innerJoin(account, eq(account.id, member.accountId))
    .where(and(eq(member.id, sql.placeholder("memberId")), eq(account.id, sql.placeholder("accountId")))));

export const holds = (stamp: Stamp, row: { memberVersion: number; accountVersion: number } | undefined): boolean =>
  row !== undefined && row.memberVersion === stamp.memberVersion && row.accountVersion === stamp.accountVersion;

/** First statement of a write batch: rolls all of it back unless the stamp still holds, or when one of its rows is gone. */
export const guardStamp = (db: Db, stamp: Stamp): Statement =>
  guard(db, "stale", sql`EXISTS (SELECT 1 FROM member m JOIN account a ON a.id = m.account_id
    WHERE m.id = ${stamp.memberId} AND m.version = ${stamp.memberVersion}
      AND a.id = ${stamp.accountId} AND a.version = ${stamp.accountVersion})`);

/** The next call of this member, on whichever isolate, sees what changed. Belongs in the batch of the change. */
export const bumpMember = (db: Db, accountId: string, memberId: string): Statement =>
  db.update(member).set({ version: sql`${member.version} + 1` }).where(and(eq(member.id, memberId), eq(member.accountId, accountId)));
