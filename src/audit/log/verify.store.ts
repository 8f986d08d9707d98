import { and, asc, count, eq, gt, gte, isNull, lt } from "drizzle-orm";
import { SEALED_COLUMNS, selectHead, toSealedRow } from "../chain/chain.store.ts";
import { GENESIS } from "../chain/chain.ts";
import { ERASE_ACTION, toErasedPredicate } from "../chain/erasure.ts";
import type { ChainHead } from "../chain/event.ts";
import { entriesOf, type LedgerOutbox } from "../chain/ledger.ts";
import { type ChainFault, verifyEnd, verifyRows, type ChainWalk } from "../chain/chain-verification.ts";
import type { Db } from "../../kernel/db.ts";
import { auditEvent, deadLetter } from "../../kernel/schema/audit.ts";

const ROWS_PER_PAGE = 500;
/** Rows that one call verifies; a longer chain is verified in several calls. */
const PAGES_MAX = 40;

export const WALK_START: ChainWalk = { head: GENESIS, hashBefore: null, fault: null };

/** By the index of what rows are about. */
const selectErasures = (db: Db, accountId: string) =>
  db
    .select({ id: auditEvent.id, body: auditEvent.body })
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        eq(auditEvent.resourceType, "audit"),
        isNull(auditEvent.ledgerSeq),
        eq(auditEvent.action, ERASE_ACTION),
      ),
    );

/** Dead letters that were rows of this account's outbox: a range of their ids. */
export const countQuarantined = (db: Db, accountId: string) =>
  db
    .select({ count: count() })
    .from(deadLetter)
    .where(and(gte(deadLetter.id, `outbox/${accountId}/`), lt(deadLetter.id, `outbox/${accountId}0`)));

export interface ChainVerification {
  readonly walk: ChainWalk;
  readonly fault: ChainFault | null;
  /** The head in the database when the walk ended. */
  readonly head: ChainHead;
  readonly isComplete: boolean;
}

/**
 * Walks along the chain in D1 from where `walk` ended.
 * @param witness the head that the account's object keeps, read before D1: the database can only be further
 * @param ledger is asked for the entries of each page, after D1: it can only have more of them
 * @param pagesMax pages of 500 rows
 */
export async function verifyChain(
  db: Db,
  ledger: LedgerOutbox,
  accountId: string,
  walk: ChainWalk,
  witness: ChainHead | null,
  pagesMax = PAGES_MAX,
): Promise<ChainVerification> {
  let head = GENESIS;
  const [recordedErasures, events] = await Promise.all([
    ledger.erasures(accountId),
    selectErasures(db, accountId),
  ]);
  const isErased = toErasedPredicate(events, recordedErasures);
  for (let page = 0; page < pagesMax; page += 1) {
    // One transaction, so that the last page and the head are of the same moment.
    const [heads, rows] = await db.batch([
      selectHead(db, accountId),
      db
        .select(SEALED_COLUMNS)
        .from(auditEvent)
        .where(
          and(
            eq(auditEvent.accountId, accountId),
            page === 0 && walk.head.seq === 0 ? undefined : gt(auditEvent.seq, walk.head.seq),
          ),
        )
        .orderBy(asc(auditEvent.seq))
        .limit(ROWS_PER_PAGE * 2),
    ]);
    head = heads[0] ?? GENESIS;
    const isLast = rows.length <= ROWS_PER_PAGE;
    const entries = await entriesOf(ledger, accountId, walk.head.ledgerSeq, rows.slice(0, ROWS_PER_PAGE));
    // The rows past the page are there to tell what was done to those before them.
    walk = await verifyRows(walk, rows.map(toSealedRow), ROWS_PER_PAGE, witness, entries, isErased);
    if (walk.fault !== null || isLast)
      return { walk, fault: isLast ? verifyEnd(walk, head, witness) : walk.fault, head, isComplete: true };
  }
  return { walk, fault: null, head, isComplete: false };
}
