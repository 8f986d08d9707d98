import { assert } from "../kernel/assert.ts";
import { newId } from "../kernel/id.ts";
import type { ChainHead } from "../audit/event.ts";
import { BY_SYSTEM, type Context, type Posted } from "./entry.ts";
import { type Entry, LOTS_MAX, type State } from "./ledger.ts";
import { NOTHING_SPENT, type Spending } from "./limit.ts";
import type { Lot, LotKind } from "./lot.ts";

/**
 * Rows written are what a spend costs: an entry 2 (itself and its key), a member 1. A lot is written once, when it is
 * granted: what is left of it stands in the newest entry, which carries the state after it.
 * `before` and `member_before` thread the entries that moved credits, so that lists need no index and meet no refusals.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
    member_id TEXT, amount INTEGER NOT NULL, balance INTEGER NOT NULL CHECK (balance >= 0), remainders TEXT NOT NULL,
    lot_id TEXT, description TEXT, fingerprint TEXT NOT NULL, outcome TEXT NOT NULL, context TEXT NOT NULL,
    before INTEGER NOT NULL, member_before INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS lot (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL, priority INTEGER NOT NULL,
    effective_at INTEGER NOT NULL, expires_at INTEGER
  );
  CREATE TABLE IF NOT EXISTS member (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, lifetime INTEGER NOT NULL, day INTEGER NOT NULL, week INTEGER NOT NULL,
    month INTEGER NOT NULL, last_seq INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS head (
    account_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, ledger_seq INTEGER NOT NULL
  ) WITHOUT ROWID;`;

type EntryRow = {
  seq: number; id: string; kind: Entry["kind"]; at: number; member_id: string | null; amount: number; balance: number;
  remainders: string; lot_id: string | null; description: string | null; fingerprint: string; outcome: string; context: string;
  before: number; member_before: number;
};
type LastRow = Pick<EntryRow, "seq" | "at" | "amount" | "balance" | "remainders" | "before">;
type LotRow = { seq: number; kind: LotKind; amount: number; priority: number; effective_at: number; expires_at: number | null };
type MemberRow = Record<keyof Spending | "last_seq", number>;
type HeadRow = { account_id: string; seq: number; hash: string; ledger_seq: number };

/** The entry under a command's key, as the rule and the replay need it. */
export type Previous = Posted & { readonly fingerprint: string };

/** The newest entry that moved credits, up to and including this one. */
const movedBy = (row: Pick<EntryRow, "seq" | "amount" | "before">): number => (row.amount === 0 ? row.before : row.seq);

/** The ledger in the object's own SQLite. Everything is synchronous; the caller makes it one transaction. */
export class LedgerTables {
  readonly #sql: SqlStorage;
  /** What was granted never changes, so what was once read of a lot needs no second reading. */
  readonly #lots = new Map<number, Omit<Lot, "remainder">>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
  }

  /** What a command under this key, by this member, needs to know. */
  state(key: string | null, memberId: string | null): State<Previous> {
    const last = this.#last();
    const member = memberId === null ? undefined : this.#member(memberId);
    const previous = key === null ? undefined : this.#row<EntryRow>("SELECT * FROM entry WHERE key = ?", key);
    return {
      seq: last?.seq ?? 0, at: last?.at ?? 0, balance: last?.balance ?? 0,
      lots: last === undefined ? [] : this.#open(last.remainders),
      spending: member ?? NOTHING_SPENT,
      previous: previous === undefined ? null : { ...toPosted(previous), fingerprint: previous.fingerprint },
    };
  }

  /** Appends what the rule made. Only the last entry is the command's own; those before it are of the system. */
  append(accountId: string, entries: readonly Entry[], spending: Spending, context: Context): readonly Posted[] {
    return entries.map((entry) => this.#post(accountId, entry, spending, entry.kind === "expire" ? BY_SYSTEM : context));
  }

  #post(accountId: string, entry: Entry, spending: Spending, context: Context): Posted {
    const last = this.#last();
    if (last === undefined) this.#sql.exec("INSERT OR IGNORE INTO head VALUES (?, 0, '', 0)", accountId);
    const id = newId("entry", entry.at);
    const lotId = this.#lotId(entry, id);
    const memberBefore = entry.memberId === null ? 0 : this.#member(entry.memberId)?.last_seq ?? 0;
    this.#sql.exec(
      "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.seq, entry.key, id, entry.kind, entry.at, entry.memberId, entry.amount, entry.balance,
      JSON.stringify(Object.fromEntries(entry.lots.map((lot) => [lot.seq, lot.remainder]))),
      lotId, entry.description, entry.fingerprint, JSON.stringify(entry.outcome), JSON.stringify(context),
      last === undefined ? 0 : movedBy(last), memberBefore,
    );
    if (entry.memberId !== null && entry.amount !== 0) {
      const { at, lifetime, day, week, month } = spending;
      this.#sql.exec("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", entry.memberId, at, lifetime, day, week, month, entry.seq);
    }
    const { seq, kind, at, memberId, amount, balance, description, outcome } = entry;
    return { seq, id, kind, at, memberId, amount, balance, lotId, description, outcome, context };
  }

  /** A lot is named after its grant. */
  #lotId(entry: Entry, id: string): string | null {
    if (entry.outcome.kind !== "granted") {
      return entry.lotSeq === null ? null : this.#row<{ id: string }>("SELECT id FROM lot WHERE seq = ?", entry.lotSeq)?.id ?? null;
    }
    const { kind, amount, priority, effectiveAt, expiresAt } = entry.outcome.lot;
    const lotId = `lot_${id.slice(4)}`;
    this.#sql.exec("INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)", entry.seq, lotId, kind, amount, priority, effectiveAt, expiresAt);
    return lotId;
  }

  /** Entries in their order, refusals too. */
  after(seq: number, limit: number): Posted[] {
    return this.#sql.exec<EntryRow>("SELECT * FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit).toArray().map(toPosted);
  }

  /** Entries that moved credits, the newest first: of one member, or all. @param from the entry that the page before ended with */
  newest(memberId: string | null, from: number | null, limit: number): Posted[] {
    const posted: Posted[] = [];
    let seq = from === null ? this.#newestSeq(memberId) : this.#before(memberId, from);
    while (seq > 0 && posted.length < limit) {
      const row = this.#row<EntryRow>("SELECT * FROM entry WHERE seq = ?", seq);
      if (row === undefined) break;
      posted.push(toPosted(row));
      seq = memberId === null ? row.before : row.member_before;
    }
    return posted;
  }

  #newestSeq(memberId: string | null): number {
    if (memberId !== null) return this.#member(memberId)?.last_seq ?? 0;
    const last = this.#last();
    return last === undefined ? 0 : movedBy(last);
  }

  /** A cursor that points at another member's entry leads nowhere, not into that member's thread. */
  #before(memberId: string | null, from: number): number {
    const row = this.#row<EntryRow>("SELECT * FROM entry WHERE seq = ?", from);
    if (memberId === null) return row?.before ?? 0;
    return row?.member_id === memberId ? row.member_before : 0;
  }

  lastSeq(): number {
    return this.#last()?.seq ?? 0;
  }

  /** The account's id and the newest sealed place of its chain; seq 0 before the first. Null in an object never written to. */
  head(): (ChainHead & { readonly accountId: string }) | null {
    const row = this.#row<HeadRow>("SELECT * FROM head");
    return row === undefined ? null : { accountId: row.account_id, seq: row.seq, hash: row.hash, ledgerSeq: row.ledger_seq };
  }

  setHead(accountId: string, head: ChainHead): void {
    this.#sql.exec("INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)", accountId, head.seq, head.hash, head.ledgerSeq);
  }

  #last(): LastRow | undefined {
    return this.#row<LastRow>("SELECT seq, at, amount, balance, remainders, before FROM entry ORDER BY seq DESC LIMIT 1");
  }

  #member(id: string): MemberRow | undefined {
    return this.#row<MemberRow>("SELECT at, lifetime, day, week, month, last_seq FROM member WHERE id = ?", id);
  }

  /** @param remainders of the open lots, as JSON, in the order of their seqs */
  #open(remainders: string): Lot[] {
    return Object.entries<number>(JSON.parse(remainders)).map(([seq, remainder]) => ({ ...this.#lot(Number(seq)), remainder }));
  }

  #lot(seq: number): Omit<Lot, "remainder"> {
    const known = this.#lots.get(seq);
    if (known !== undefined) return known;
    const row = this.#row<LotRow>("SELECT seq, kind, amount, priority, effective_at, expires_at FROM lot WHERE seq = ?", seq);
    assert(row !== undefined, "an open lot was granted");
    const { kind, amount, priority, effective_at: effectiveAt, expires_at: expiresAt } = row;
    const lot = { seq, kind, amount, priority, effectiveAt, expiresAt };
    // More lots than are ever open at once are never remembered.
    if (this.#lots.size >= LOTS_MAX) this.#lots.clear();
    this.#lots.set(seq, lot);
    return lot;
  }

  #row<Row extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): Row | undefined {
    return this.#sql.exec<Row>(query, ...values).toArray()[0];
  }
}

function toPosted(row: EntryRow): Posted {
  return {
    seq: row.seq, id: row.id, kind: row.kind, at: row.at, memberId: row.member_id, amount: row.amount, balance: row.balance,
    lotId: row.lot_id, description: row.description, outcome: JSON.parse(row.outcome), context: JSON.parse(row.context),
  };
}
