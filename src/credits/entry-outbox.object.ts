import { packEntries } from "../audit/chain/message.ts";
import { entryToEvent } from "./ledger-entry.ts";
import type { LedgerTables } from "./ledger.object.ts";

/** Entries of one moment travel together: a message costs more than an entry. */
const FLUSH_AFTER_MS = 200;
/**
 * By then the queue has delivered and the trail has sealed; what it has not is sent again, at growing
 * distances.
 */
const RESEND_AFTER_MS = 10_000;
const RESEND_AFTER_MAX_MS = 600_000;
/** An alarm that is this late is lost. */
const OVERDUE_MS = 60_000;
const ENTRIES_PER_RUN = 1_000;

/**
 * Carries entries to the trail. They stay in the ledger until the trail says that they are sealed: what is
 * lost on the way is sent again, what arrives twice is recognised there.
 */
export class EntryOutbox {
  readonly #storage: DurableObjectStorage;
  readonly #queue: Queue;
  readonly #tables: LedgerTables;
  /** Memory only: after an eviction all that is unsealed is sent once more. */
  #sentSeq = 0;
  #isFlushing = false;
  #alarmAt: number | null = null;
  #resends = 0;

  constructor(storage: DurableObjectStorage, queue: Queue, tables: LedgerTables) {
    this.#storage = storage;
    this.#queue = queue;
    this.#tables = tables;
  }

  async load(): Promise<void> {
    this.#alarmAt = await this.#storage.getAlarm();
  }

  /**
   * After entries were written: send them soon, and make sure of it.
   * @param firstExpiry the earliest end of a lot
   */
  scheduleAfterWrite(now: number, firstExpiry: number | null): void {
    this.#ensureAlarmBy(now, Math.min(this.#resendAt(now), firstExpiry ?? Infinity));
    this.#flushSoon();
  }

  /** What is still to do decides when. @param firstExpiry the earliest end of a lot */
  scheduleNextAlarm(now: number, firstExpiry: number | null): void {
    this.#ensureAlarmBy(
      now,
      Math.min(this.#isSealed() ? Infinity : this.#resendAt(now), firstExpiry ?? Infinity),
    );
  }

  #resendAt(now: number): number {
    return now + Math.min(RESEND_AFTER_MS * 2 ** this.#resends, RESEND_AFTER_MAX_MS);
  }

  /** An alarm costs a row, so a pending one that is early enough is kept. */
  #ensureAlarmBy(now: number, dueAt: number): void {
    const pending = this.#alarmAt !== null && this.#alarmAt > now - OVERDUE_MS ? this.#alarmAt : Infinity;
    if (dueAt >= pending) return;
    this.#alarmAt = dueAt;
    // Not awaited: it is written together with the entries, and the answer waits for both.
    void this.#storage.setAlarm(dueAt);
  }

  /** Without asking anything, for when asking failed. */
  setFallbackAlarm(now: number): void {
    this.#alarmAt = now + RESEND_AFTER_MAX_MS;
    void this.#storage.setAlarm(this.#alarmAt);
  }

  /** The pending alarm has gone off. */
  onAlarm(): void {
    this.#alarmAt = null;
    this.#resends = this.#isSealed() ? 0 : this.#resends + 1;
  }

  /** More entries are sealed: the trail works, so the next delay is the first again. */
  onSealed(): void {
    this.#resends = 0;
  }

  /** Sends all that is unsealed, the oldest first. Never throws. */
  async resend(): Promise<void> {
    await this.#send(this.#tables.head()?.ledgerSeq ?? 0);
  }

  #isSealed(): boolean {
    return (this.#tables.head()?.ledgerSeq ?? 0) >= this.#tables.lastSeq();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setTimeout(() => void this.#flush(), FLUSH_AFTER_MS);
  }

  async #flush(): Promise<void> {
    await this.#send(Math.max(this.#sentSeq, this.#tables.head()?.ledgerSeq ?? 0));
    this.#isFlushing = false;
    if (this.#sentSeq < this.#tables.lastSeq()) this.#flushSoon();
  }

  /**
   * What the queue does not take now waits for the alarm: it is not tried again here, and does not hold up
   * the rest.
   */
  async #send(afterSeq: number): Promise<void> {
    const accountId = this.#tables.head()?.accountId;
    if (accountId === undefined) return;
    const posted = this.#tables.after(afterSeq, ENTRIES_PER_RUN);
    this.#sentSeq = Math.max(this.#sentSeq, posted.at(-1)?.seq ?? 0);
    for (const message of packEntries(
      accountId,
      posted.map((entry) => entryToEvent(accountId, entry)),
    )) {
      try {
        await this.#queue.send(message);
      } catch (error) {
        console.error({ message: "ledger entries wait for the alarm", accountId, error: String(error) });
      }
    }
  }
}
