import { DurableObject } from "cloudflare:workers";
import { isBehind } from "../audit/chain/chain.ts";
import type { ErasureRecord } from "../audit/chain/erasure.ts";
import type { AuditEvent, ChainHead } from "../audit/chain/event.ts";
import type { Restore } from "../audit/chain/ledger.ts";
import type { Env } from "../env.ts";
import { TurnLine } from "../gate/calls/turn.object.ts";
import { assert } from "../kernel/assert.ts";
import { now } from "../kernel/clock.ts";
import type { Period } from "../kernel/period.ts";
import {
  SYSTEM_CONTEXT,
  type EntryContext,
  type PostedEntry,
  type LedgerReply,
  type CreditsSummary,
  entryToEvent,
} from "./ledger-entry.ts";
import type { LedgerCommand, GrantCommand, SpendCommand } from "./ledger-command.ts";
import { applyCommand, expireLots, type LedgerStep } from "./ledger.ts";
import { LedgerTables } from "./ledger.object.ts";
import { entriesIn } from "./period-entries.object.ts";
import type { PreviousEntry } from "./ledger-row.object.ts";
import { spendingFigures, type SpendingLimit } from "./spending-limit.ts";
import { availableCredits, firstExpiryOf } from "./lot.ts";
import { EntryOutbox } from "./entry-outbox.object.ts";
import { RestoreTables } from "./restore.object.ts";

const ENTRIES_MAX = 1_000;

const isSameHead = (one: ChainHead, other: ChainHead): boolean =>
  one.seq === other.seq && one.hash === other.hash;

/**
 * The one place where an account's credits are counted: a thin shell that makes the rule of the ledger atomic
 * and durable. Between read and write there is nothing but storage, so commands never interleave. Refusals
 * are values.
 */
export class AccountObject extends DurableObject<Env> {
  readonly #tables: LedgerTables;
  readonly #outbox: EntryOutbox;
  readonly #restores: RestoreTables;
  readonly #turns = new TurnLine();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#tables = new LedgerTables(ctx.storage.sql);
    this.#outbox = new EntryOutbox(ctx.storage, env.AUDIT, this.#tables);
    this.#restores = new RestoreTables(ctx.storage.sql);
    void ctx.blockConcurrencyWhile(() => this.#outbox.load());
  }

  spend(accountId: string, command: SpendCommand, context: EntryContext): LedgerReply {
    return this.#runCommand(accountId, command, context);
  }

  grant(accountId: string, command: GrantCommand, context: EntryContext): LedgerReply {
    return this.#runCommand(accountId, command, context);
  }

  /** What the account has and what the member may spend of it, now. Writes nothing. */
  summary(accountId: string, memberId: string, limit: SpendingLimit): CreditsSummary {
    this.#requireAccount(accountId);
    const { state } = expireLots(this.#tables.state(null, memberId), now());
    const spendable = availableCredits(state.lots, state.at);
    return {
      balance: state.balance,
      available: spendable,
      ...spendingFigures(limit, state.spending, spendable, state.at),
    };
  }

  /**
   * Entries that moved credits, the newest first: of one member, or all.
   * @param from the seq that the page before ended with
   */
  entries(accountId: string, memberId: string | null, from: number | null, limit: number): PostedEntry[] {
    this.#requireAccount(accountId);
    return this.#tables.newest(memberId, from, Math.min(limit, ENTRIES_MAX));
  }

  /** Entries that moved credits in a period, in their order: of one member, or all. */
  entriesIn(accountId: string, memberId: string | null, period: Period, limit: number): PostedEntry[] {
    this.#requireAccount(accountId);
    return entriesIn(this.ctx.storage.sql, this.#tables.lastSeq(), memberId, period, limit);
  }

  /** Every entry as an audit event, in order, from `afterSeq + 1` on without a gap. */
  entriesAfter(accountId: string, afterSeq: number, limit: number): AuditEvent[] {
    this.#requireAccount(accountId);
    return this.#tables
      .after(afterSeq, Math.min(limit, ENTRIES_MAX))
      .map((posted) => entryToEvent(accountId, posted));
  }

  /**
   * Keeps the newest head, in any order of arrival. A head beyond the ledger would make future entries count
   * as sealed.
   */
  sealed(accountId: string, { seq, hash, ledgerSeq }: ChainHead): void {
    const head = this.#requireAccount(accountId);
    if (head !== null && head.seq >= seq) return;
    assert(ledgerSeq <= this.#tables.lastSeq(), "a sealed head lies within the ledger");
    this.#tables.setHead(accountId, { seq, hash, ledgerSeq });
    if (head === null || ledgerSeq > head.ledgerSeq) this.#outbox.onSealed();
  }

  sealedHead(accountId: string): ChainHead | null {
    const head = this.#requireAccount(accountId);
    return head === null || head.seq === 0
      ? null
      : { seq: head.seq, hash: head.hash, ledgerSeq: head.ledgerSeq };
  }

  /** D1 ends behind what was sealed. A state that is not the newest spends nothing. */
  refuseUntilAccepted(accountId: string, database: ChainHead): void {
    const head = this.#requireAccount(accountId);
    assert(head !== null, "what was never sealed is never behind");
    const { foundAt } = this.#restores.waiting ?? { foundAt: now() };
    this.#restores.saveRestore({
      foundAt,
      witness: { seq: head.seq, hash: head.hash, ledgerSeq: head.ledgerSeq },
      database,
      acceptedAt: null,
    });
  }

  /**
   * The chain goes on from `database`: entries of the ledger that it lacks are sealed once more. What was
   * given up stays on record here.
   */
  acceptRestored(accountId: string, database: ChainHead): Restore | null {
    const head = this.#requireAccount(accountId);
    if (head === null || !isBehind(head, database))
      return (
        this.#restores
          .listRestores()
          .find((one) => one.acceptedAt !== null && isSameHead(one.database, database)) ?? null
      );
    if (this.#restores.waiting === null) this.refuseUntilAccepted(accountId, database);
    const { waiting } = this.#restores;
    assert(
      waiting !== null && database.ledgerSeq <= this.#tables.lastSeq(),
      "an accepted head lies within the ledger",
    );
    const accepted = { ...waiting, database, acceptedAt: now() };
    return this.#atomically(() => {
      this.#tables.setHead(accountId, database);
      return this.#restores.saveRestore(accepted);
    });
  }

  erase(accountId: string, memberId: string, record: ErasureRecord): void {
    this.#requireAccount(accountId);
    this.#atomically(() => this.#restores.erase(memberId, record));
  }

  erasures(accountId: string): ErasureRecord[] {
    this.#requireAccount(accountId);
    return this.#restores.erasures();
  }

  restores(accountId: string): Restore[] {
    this.#requireAccount(accountId);
    return this.#restores.listRestores();
  }

  /**
   * True when it is this call's turn among the changes of one object, or of the account; false when it did
   * not come in time.
   */
  takeTurn(id: string, object: string | null, patienceMs: number): Promise<boolean> {
    return this.#turns.take(id, object, patienceMs);
  }

  endTurn(id: string): void {
    this.#turns.end(id);
  }

  /**
   * Ends lots that are due, and sends again what is not sealed. It never throws: after six failures it would
   * never run again.
   */
  override async alarm(): Promise<void> {
    const at = now();
    try {
      this.#outbox.onAlarm();
      this.#expire(at);
    } catch (error) {
      console.error({ message: "the ledger's alarm failed and is set again", error: String(error) });
      this.#outbox.setFallbackAlarm(at);
    }
    await this.#outbox.resend();
  }

  #runCommand(accountId: string, command: LedgerCommand, context: EntryContext): LedgerReply {
    if (this.#restores.waiting !== null) return { kind: "restored" };
    const at = now();
    const { step, reply } = this.#atomically(() => {
      this.#requireAccount(accountId);
      const state = this.#tables.state(command.key, command.op === "spend" ? command.memberId : null);
      const step = applyCommand(state, command, at);
      return { step, reply: this.#record(accountId, step, context) };
    });
    if (step.entries.length > 0) this.#outbox.scheduleAfterWrite(at, firstExpiryOf(step.state.lots));
    return reply;
  }

  #record(
    accountId: string,
    { outcome, entries, state }: LedgerStep<PreviousEntry>,
    context: EntryContext,
  ): LedgerReply {
    if (outcome.kind === "replayed") return { kind: "recorded", replayed: true, posted: outcome.previous };
    if (outcome.kind !== "recorded") return outcome;
    const posted = this.#tables.append(accountId, entries, state.spending, context).at(-1);
    assert(posted !== undefined, "what is recorded has an entry");
    return { kind: "recorded", replayed: false, posted };
  }

  #expire(at: number): void {
    const accountId = this.#tables.head()?.accountId;
    if (accountId === undefined) return;
    const { entries, state } = expireLots(this.#tables.state(null, null), at);
    this.#atomically(() => this.#tables.append(accountId, entries, state.spending, SYSTEM_CONTEXT));
    this.#outbox.scheduleNextAlarm(at, firstExpiryOf(state.lots));
  }

  #atomically<Result>(work: () => Result): Result {
    try {
      return this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#tables.forget();
      throw error;
    }
  }

  /** One object, one account: a mix-up of ids must never reach another account's credits. */
  #requireAccount(accountId: string): ReturnType<LedgerTables["head"]> {
    const head = this.#tables.head();
    assert(head === null || head.accountId === accountId, "an object holds one account");
    return head;
  }
}
