import { and, asc, eq, isNull, lt, sql } from "drizzle-orm";
import type { Db, Statement } from "../../kernel/db.ts";
import { tierCredit, type TierCreditRow } from "../../kernel/schema/tier.ts";

/** Does nothing where that period has been given to already. */
export const insertTierCredit = (db: Db, row: TierCreditRow): Statement =>
  db.insert(tierCredit).values(row).onConflictDoNothing();

export const findDueCreditsOf = (db: Db, accountId: string) =>
  db
    .select()
    .from(tierCredit)
    .where(and(eq(tierCredit.accountId, accountId), isNull(tierCredit.givenAt)));

/**
 * What a crash left behind and what waits for room, the longest untried first.
 * @param before milliseconds since the epoch
 */
export const findDueCredits = (db: Db, before: number, limit: number) =>
  db
    .select()
    .from(tierCredit)
    .where(and(isNull(tierCredit.givenAt), lt(tierCredit.createdAt, before)))
    .orderBy(asc(tierCredit.triedAt))
    .limit(limit);

const whereRow = ({ accountId, period }: TierCreditRow) =>
  and(eq(tierCredit.accountId, accountId), eq(tierCredit.period, period));

export const markTried = (db: Db, row: TierCreditRow, at: number): Statement =>
  db.update(tierCredit).set({ triedAt: at }).where(whereRow(row));

export const markGiven = (db: Db, row: TierCreditRow, at: number): Statement =>
  db
    .update(tierCredit)
    .set({ givenAt: sql`coalesce(${tierCredit.givenAt}, ${at})` })
    .where(whereRow(row));
