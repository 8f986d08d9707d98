import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import { now } from "../../kernel/clock.ts";
import type { Db } from "../../kernel/db.ts";
import { auditHead } from "../../kernel/schema/audit.ts";
import { account } from "../../kernel/schema/team.ts";
import { GENESIS, isBehind } from "./chain.ts";
import type { ChainHead } from "./event.ts";
import type { LedgerOutbox, LedgerOutboxes } from "./ledger.ts";

/**
 * From the next call on every isolate answers 503. The version jumps to the time of the clock. Otherwise,
 * after a restore, it would pass numbers under which principals are still cached.
 */
const markRestored = (db: Db, accountId: string, at: number) =>
  db
    .update(account)
    .set({ restoredAt: at, version: sql`MAX(${account.version} + 1, ${at})` })
    .where(and(eq(account.id, accountId), isNull(account.restoredAt)));

/** The object first: spending stops even if D1 fails now. */
export async function stopRestoredAccount(
  db: Db,
  ledger: LedgerOutbox,
  accountId: string,
  database: ChainHead,
): Promise<void> {
  const message = "D1 is behind what was sealed: the account is stopped until the platform accepts that";
  console.error({ message, accountId, seq: database.seq });
  await ledger.refuseUntilAccepted(accountId, database);
  await markRestored(db, accountId, now());
}

const HEAD_COLUMNS = { seq: auditHead.seq, hash: auditHead.hash, ledgerSeq: auditHead.ledgerSeq };

/** Accounts that are asked of their objects at once. */
const CONCURRENCY = 20;

/**
 * Compares where the chains of accounts end with what their objects keep, and stops those that are behind.
 * @param after the account to go on behind; "" begins
 * @returns the last one compared; null when there are no more
 */
export async function compareHeads(
  db: Db,
  ledgers: LedgerOutboxes,
  after: string,
  limit: number,
): Promise<string | null> {
  const rows = await db
    .select({ id: account.id, restoredAt: account.restoredAt, ...HEAD_COLUMNS })
    .from(account)
    .leftJoin(auditHead, eq(auditHead.accountId, account.id))
    .where(gt(account.id, after))
    .orderBy(asc(account.id))
    .limit(limit);
  const unmarked = rows.filter(({ restoredAt }) => restoredAt === null);
  for (let start = 0; start < unmarked.length; start += CONCURRENCY) {
    await Promise.all(
      unmarked.slice(start, start + CONCURRENCY).map((row) => compareHead(db, ledgers(row.id), row)),
    );
  }
  return rows.length < limit ? null : (rows.at(-1)?.id ?? null);
}

interface ComparedAccount {
  readonly id: string;
  readonly seq: number | null;
  readonly hash: string | null;
  readonly ledgerSeq: number | null;
}

/** The object was asked after D1, so it may know newer rows. A chain that looks behind is read again. */
async function compareHead(
  db: Db,
  ledger: LedgerOutbox,
  { id, seq, hash, ledgerSeq }: ComparedAccount,
): Promise<void> {
  try {
    const head = seq === null || hash === null || ledgerSeq === null ? GENESIS : { seq, hash, ledgerSeq };
    const witness = await ledger.sealedHead(id);
    if (witness === null || !isBehind(witness, head)) return;
    const [reread] = await db.select(HEAD_COLUMNS).from(auditHead).where(eq(auditHead.accountId, id));
    if (isBehind(witness, reread ?? GENESIS)) await stopRestoredAccount(db, ledger, id, reread ?? GENESIS);
  } catch (error) {
    console.error({
      message: "the chain of an account is not compared",
      accountId: id,
      error: String(error),
    });
  }
}
