import type { AuditEvent, ChainHead } from "./event.ts";

/**
 * What the trail asks of an account's object. The object is in a higher room, so it is named here and given from above:
 * it keeps the ledger entries until they are sealed, and the newest sealed head where no editor of D1 can reach it.
 */
export interface LedgerOutbox {
  /** Entries in the order of the ledger, from `afterSeq + 1` on without a gap, at most `limit`. */
  entriesAfter(accountId: string, afterSeq: number, limit: number): Promise<AuditEvent[]>;
  /** The chain has grown to `head`, with every entry up to `head.ledgerSeq` in it. Keeps the newest; an older one is ignored. */
  sealed(accountId: string, head: ChainHead): Promise<void>;
  /** The newest head that was given to `sealed`; null before the first. */
  sealedHead(accountId: string): Promise<ChainHead | null>;
}

export type LedgerOutboxes = (accountId: string) => LedgerOutbox;
