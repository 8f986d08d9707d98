import type { AuditEvent, ChainHead } from "./event.ts";

/**
 * What the trail asks of an account's object. The object is in a higher room, so it is named here and given from above:
 * it keeps the ledger entries until they are sealed, and the newest sealed head where no editor of D1 can reach it.
 */
export interface LedgerOutbox {
  /** Entries in the order of the ledger, from `afterSeq + 1` on without a gap, at most `limit`. */
  entriesAfter(accountId: string, afterSeq: number, limit: number): Promise<AuditEvent[]>;
  /**
   * The chain has grown to `head`, with every entry up to `head.ledgerSeq` in it. Keeps the newest; an older one is ignored.
   * @throws when the ledger has no entry there: what the head says was never in it
   */
  sealed(accountId: string, head: ChainHead): Promise<void>;
  /** The newest head that was given to `sealed`; null before the first. */
  sealedHead(accountId: string): Promise<ChainHead | null>;
}

/** The entries that the ledger itself has where these rows of the chain say that they stand; asks nothing where there are none. */
export async function entriesOf(
  ledger: LedgerOutbox, accountId: string, afterSeq: number, rows: readonly { readonly ledgerSeq: number | null }[],
): Promise<AuditEvent[]> {
  const count = rows.filter((row) => row.ledgerSeq !== null).length;
  return count === 0 ? [] : await ledger.entriesAfter(accountId, afterSeq, count);
}

export type LedgerOutboxes = (accountId: string) => LedgerOutbox;
