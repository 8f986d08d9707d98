import type { Period } from "../kernel/period.ts";
import type { PostedEntry } from "./ledger-entry.ts";
import { type EntryRow, toPostedEntry } from "./ledger-row.object.ts";

/**
 * The first entry that is not before that time: time never runs backwards in a ledger, so a binary search
 * finds it.
 */
function firstSeqSince(sql: SqlStorage, lastSeq: number, at: number): number {
  let [from, to] = [1, lastSeq + 1];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const [row] = sql.exec<{ at: number }>("SELECT at FROM entry WHERE seq = ?", middle).toArray();
    if (row !== undefined && row.at < at) from = middle + 1;
    else to = middle;
  }
  return from;
}

const ENTRIES_IN_PERIOD_SQL = `SELECT * FROM entry WHERE seq >= ?1 AND seq < ?2 AND amount <> 0
  AND (?3 IS NULL OR member_id = ?3)
  ORDER BY seq LIMIT ?4`;

/** Entries that moved credits in a period, in their order: of one member, or all. */
export function entriesIn(
  sql: SqlStorage,
  lastSeq: number,
  memberId: string | null,
  { from, to }: Period,
  limit: number,
): PostedEntry[] {
  const [first, end] = [firstSeqSince(sql, lastSeq, from), firstSeqSince(sql, lastSeq, to)];
  return sql.exec<EntryRow>(ENTRIES_IN_PERIOD_SQL, first, end, memberId, limit).toArray().map(toPostedEntry);
}
