import type { ChainHead } from "../audit/chain/event.ts";
import type { PostedEntry } from "./ledger-entry.ts";
import type { Entry } from "./ledger.ts";
import type { Spending } from "./spending-limit.ts";
import type { LotKind } from "./lot.ts";

/**
 * Rows written are what a spend costs: an entry 2 (itself and its key), a member 1. A lot is written when it
 * is granted. The newest entry has what is left of it, because an entry carries the state after it
 * (remainders.ts). `before` and `member_before` thread the entries that moved credits, so that lists need no
 * index and meet no refusals.
 */
export const LEDGER_TABLES_SQL = `
  CREATE TABLE IF NOT EXISTS entry (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, kind TEXT NOT NULL,
    at INTEGER NOT NULL, member_id TEXT, amount INTEGER NOT NULL,
    balance INTEGER NOT NULL CHECK (balance >= 0), remainders TEXT NOT NULL, lot_id TEXT, description TEXT,
    fingerprint TEXT NOT NULL, outcome TEXT NOT NULL, context TEXT NOT NULL, before INTEGER NOT NULL,
    member_before INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS lot (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    priority INTEGER NOT NULL, effective_at INTEGER NOT NULL, expires_at INTEGER
  );
  CREATE TABLE IF NOT EXISTS member (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, lifetime INTEGER NOT NULL, day INTEGER NOT NULL,
    week INTEGER NOT NULL, month INTEGER NOT NULL, last_seq INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS head (
    account_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, ledger_seq INTEGER NOT NULL
  ) WITHOUT ROWID;`;

export type EntryRow = {
  seq: number;
  id: string;
  kind: Entry["kind"];
  at: number;
  member_id: string | null;
  amount: number;
  balance: number;
  remainders: string;
  lot_id: string | null;
  description: string | null;
  fingerprint: string;
  outcome: string;
  context: string;
  before: number;
  member_before: number;
};
export type LastRow = Pick<EntryRow, "seq" | "at" | "amount" | "balance" | "remainders" | "before">;
export type LotRow = {
  seq: number;
  kind: LotKind;
  amount: number;
  priority: number;
  effective_at: number;
  expires_at: number | null;
  granted_at: number;
};
export type MemberSpendingRow = Record<keyof Spending | "last_seq", number>;
export type AccountHead = ChainHead & { readonly accountId: string };
export type HeadRow = { account_id: string; seq: number; hash: string; ledger_seq: number };

/** The entry under a command's key, as the rule and the replay need it. */
export type PreviousEntry = PostedEntry & { readonly fingerprint: string };

/** The newest entry that moved credits, up to and including this one. */
export const newestMoveSeq = (row: Pick<EntryRow, "seq" | "amount" | "before">): number =>
  row.amount === 0 ? row.before : row.seq;

export function toPostedEntry(row: EntryRow): PostedEntry {
  return {
    seq: row.seq,
    id: row.id,
    kind: row.kind,
    at: row.at,
    memberId: row.member_id,
    amount: row.amount,
    balance: row.balance,
    lotId: row.lot_id,
    description: row.description,
    outcome: JSON.parse(row.outcome),
    context: JSON.parse(row.context),
  };
}

export type SqlRow = Record<string, SqlStorageValue>;

/** The first row of the answer, if there is one. */
export const readFirstRow = <Row extends SqlRow>(
  sql: SqlStorage,
  query: string,
  ...values: SqlStorageValue[]
): Row | undefined => sql.exec<Row>(query, ...values).toArray()[0];
