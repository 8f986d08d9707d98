import type { ErasureRecord } from "./erasure.ts";
import type { AuditEvent, ChainHead } from "./event.ts";

/**
 * A database that was found behind what had been reported to the object, and what became of it. Times are
 * milliseconds since the epoch.
 */
export interface Restore {
  readonly foundAt: number;
  /** The newest place that was sealed before: what follows `database` up to it is lost. */
  readonly witness: ChainHead;
  /** The end of the chain in the database that was put back. */
  readonly database: ChainHead;
  /** Null while it waits for the platform. */
  readonly acceptedAt: number | null;
}

/**
 * What the trail asks of an account's object. The object is in a higher room, so it is named here and given
 * from above: it keeps the ledger entries until they are sealed, and the newest sealed head where no editor
 * of D1 can reach it.
 */
export interface LedgerOutbox {
  /** Entries in the order of the ledger, from `afterSeq + 1` on without a gap, at most `limit`. */
  entriesAfter(accountId: string, afterSeq: number, limit: number): Promise<AuditEvent[]>;
  /**
   * The chain has grown to `head`, with every entry up to `head.ledgerSeq` in it. Keeps the newest; an older
   * one is ignored.
   * @throws when the ledger has no entry there: what the head says was never in it
   */
  sealed(accountId: string, head: ChainHead): Promise<void>;
  /** The newest head that was given to `sealed`; null before the first. */
  sealedHead(accountId: string): Promise<ChainHead | null>;
  /**
   * The chain in D1 ends at `database`, behind the sealed head, or is another one there. From now on the
   * ledger refuses commands.
   */
  refuseUntilAccepted(accountId: string, database: ChainHead): Promise<void>;
  /**
   * The chain goes on from where D1 ends, and the ledger takes commands again. Under a head that was accepted
   * before it changes nothing.
   * @returns what was accepted; null where D1 was not behind
   */
  acceptRestored(accountId: string, database: ChainHead): Promise<Restore | null>;
  /**
   * Erases the member in the entries, and keeps which rows of the chain the event `id` names: verify takes no
   * other erasure.
   */
  erase(accountId: string, memberId: string, record: ErasureRecord): Promise<void>;
  erasures(accountId: string): Promise<ErasureRecord[]>;
  /** Every database that was found behind, the oldest first. */
  restores(accountId: string): Promise<Restore[]>;
}

/**
 * The entries that the ledger itself has where these rows of the chain say that they stand; asks nothing
 * where there are none.
 */
export async function entriesOf(
  ledger: LedgerOutbox,
  accountId: string,
  afterSeq: number,
  rows: readonly { readonly ledgerSeq: number | null }[],
): Promise<AuditEvent[]> {
  const count = rows.filter((row) => row.ledgerSeq !== null).length;
  return count === 0 ? [] : await ledger.entriesAfter(accountId, afterSeq, count);
}

export type LedgerOutboxes = (accountId: string) => LedgerOutbox;
