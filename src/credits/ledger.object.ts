import type { ChainHead } from "../audit/chain/event.ts";
import { newId } from "../kernel/id.ts";
import { LruCache } from "../kernel/lru-cache.ts";
import { SYSTEM_CONTEXT, type EntryContext, type PostedEntry } from "./ledger-entry.ts";
import type { Entry, LedgerState } from "./ledger.ts";
import { NOTHING_SPENT, type Spending } from "./spending-limit.ts";
import { saveLot, type OpenLots, readOpenLots } from "./lot.object.ts";
import { packRemainders } from "./remainders.ts";
import {
  type EntryRow,
  type AccountHead,
  type HeadRow,
  type LastRow,
  type MemberSpendingRow,
  newestMoveSeq,
  type PreviousEntry,
  readFirstRow,
  type SqlRow,
  LEDGER_TABLES_SQL,
  toPostedEntry,
} from "./ledger-row.object.ts";

/** The end of the ledger: its newest entry, and the lots that are open after it. */
interface LedgerEnd extends OpenLots {
  readonly last: LastRow | undefined;
}

/** Members whose counters are remembered. */
const CACHED_MEMBERS_MAX = 1_000;

/**
 * The ledger in the object's own SQLite. Everything is synchronous; the caller makes it one transaction, and
 * calls `forget` when that fails. What was read or written last is remembered, because only this object
 * writes here, and because the statements cost a spend more time than the rule does. Each command still reads
 * its key, because that read fails in an instance that has been replaced.
 */
export class LedgerTables {
  readonly #sql: SqlStorage;
  #end: LedgerEnd | null = null;
  #head: { readonly value: AccountHead | null } | null = null;
  #members = new LruCache<MemberSpendingRow>(CACHED_MEMBERS_MAX);

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(LEDGER_TABLES_SQL);
  }

  /** Drops all that is remembered, after a transaction has failed. */
  forget(): void {
    this.#end = null;
    this.#head = null;
    this.#members = new LruCache<MemberSpendingRow>(CACHED_MEMBERS_MAX);
  }

  /** What a command under this key, by this member, needs to know. */
  state(key: string | null, memberId: string | null): LedgerState<PreviousEntry> {
    const { last, lots } = this.#atEnd();
    const member = memberId === null ? undefined : this.#member(memberId);
    const previous = key === null ? undefined : this.#row<EntryRow>("SELECT * FROM entry WHERE key = ?", key);
    return {
      seq: last?.seq ?? 0,
      at: last?.at ?? 0,
      balance: last?.balance ?? 0,
      lots,
      spending: member ?? NOTHING_SPENT,
      previous:
        previous === undefined ? null : { ...toPostedEntry(previous), fingerprint: previous.fingerprint },
    };
  }

  /**
   * Appends what the rule made. Only the last entry is the command's own; those before it are of the system.
   */
  append(
    accountId: string,
    entries: readonly Entry[],
    spending: Spending,
    context: EntryContext,
  ): readonly PostedEntry[] {
    return entries.map((entry) =>
      this.#insertEntry(accountId, entry, spending, entry.kind === "expire" ? SYSTEM_CONTEXT : context),
    );
  }

  #insertEntry(accountId: string, entry: Entry, spending: Spending, context: EntryContext): PostedEntry {
    const last = this.#last();
    if (last === undefined && this.head() === null)
      this.setHead(accountId, { seq: 0, hash: "", ledgerSeq: 0 });
    const id = newId("entry", entry.at);
    const lotId = saveLot(this.#sql, entry, id);
    const memberBefore = entry.memberId === null ? 0 : (this.#member(entry.memberId)?.last_seq ?? 0);
    const { seq, kind, at, memberId, amount, balance, description, outcome } = entry;
    const { text: remainders, base } = packRemainders(seq, entry.lots, this.#atEnd().base);
    const before = last === undefined ? 0 : newestMoveSeq(last);
    this.#sql.exec(
      "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      seq,
      entry.key,
      id,
      kind,
      at,
      memberId,
      amount,
      balance,
      remainders,
      lotId,
      description,
      entry.fingerprint,
      JSON.stringify(outcome),
      JSON.stringify(context),
      before,
      memberBefore,
    );
    this.#end = { last: { seq, at, amount, balance, remainders, before }, lots: entry.lots, base };
    if (memberId !== null && amount !== 0) this.#setMember(memberId, { ...spending, last_seq: seq });
    return { seq, id, kind, at, memberId, amount, balance, lotId, description, outcome, context };
  }

  #setMember(id: string, row: MemberSpendingRow): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      row.at,
      row.lifetime,
      row.day,
      row.week,
      row.month,
      row.last_seq,
    );
    this.#members.set(id, row);
  }

  /** Entries in their order, refusals too. */
  after(seq: number, limit: number): PostedEntry[] {
    return this.#sql
      .exec<EntryRow>("SELECT * FROM entry WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
      .toArray()
      .map(toPostedEntry);
  }

  /**
   * Entries that moved credits, the newest first: of one member, or all.
   * @param from the entry that the page before ended with
   */
  newest(memberId: string | null, from: number | null, limit: number): PostedEntry[] {
    const posted: PostedEntry[] = [];
    let seq = from === null ? this.#newestSeq(memberId) : this.#seqBefore(memberId, from);
    while (seq > 0 && posted.length < limit) {
      const row = this.#row<EntryRow>("SELECT * FROM entry WHERE seq = ?", seq);
      if (row === undefined) break;
      posted.push(toPostedEntry(row));
      seq = memberId === null ? row.before : row.member_before;
    }
    return posted;
  }

  #newestSeq(memberId: string | null): number {
    if (memberId !== null) return this.#member(memberId)?.last_seq ?? 0;
    const last = this.#last();
    return last === undefined ? 0 : newestMoveSeq(last);
  }

  /** A cursor that points at another member's entry leads nowhere, not into that member's thread. */
  #seqBefore(memberId: string | null, from: number): number {
    const row = this.#row<EntryRow>("SELECT * FROM entry WHERE seq = ?", from);
    if (memberId === null) return row?.before ?? 0;
    return row?.member_id === memberId ? row.member_before : 0;
  }

  lastSeq(): number {
    return this.#last()?.seq ?? 0;
  }

  /**
   * The account's id and the newest sealed place of its chain; seq 0 before the first. Null in an object
   * never written to.
   */
  head(): AccountHead | null {
    if (this.#head === null) {
      const row = this.#row<HeadRow>("SELECT * FROM head");
      this.#head = {
        value:
          row === undefined
            ? null
            : { accountId: row.account_id, seq: row.seq, hash: row.hash, ledgerSeq: row.ledger_seq },
      };
    }
    return this.#head.value;
  }

  setHead(accountId: string, head: ChainHead): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)",
      accountId,
      head.seq,
      head.hash,
      head.ledgerSeq,
    );
    this.#head = { value: { ...head, accountId } };
  }

  #atEnd(): LedgerEnd {
    if (this.#end === null) {
      const last = this.#row<LastRow>(
        "SELECT seq, at, amount, balance, remainders, before FROM entry ORDER BY seq DESC LIMIT 1",
      );
      this.#end =
        last === undefined ? { last, lots: [], base: null } : { last, ...readOpenLots(this.#sql, last) };
    }
    return this.#end;
  }

  #last(): LastRow | undefined {
    return this.#atEnd().last;
  }

  #member(id: string): MemberSpendingRow | undefined {
    const known = this.#members.get(id);
    if (known !== undefined) return known;
    const row = this.#row<MemberSpendingRow>(
      "SELECT at, lifetime, day, week, month, last_seq FROM member WHERE id = ?",
      id,
    );
    if (row !== undefined) this.#members.set(id, row);
    return row;
  }

  #row<Row extends SqlRow>(query: string, ...values: SqlStorageValue[]): Row | undefined {
    return readFirstRow<Row>(this.#sql, query, ...values);
  }
}
