import type { Entry } from "./ledger.ts";
import type { Lot } from "./lot.ts";
import { unpackRemainders, type FullRemainders } from "./remainders.ts";
import { type LastRow, type LotRow, readFirstRow } from "./ledger-row.object.ts";

/** Lots by their seqs, each with the time of its first grant. */
const OPEN_LOTS_SQL = `SELECT lot.*, entry.at AS granted_at FROM json_each(?) AS open
  JOIN lot ON lot.seq = open.value JOIN entry ON entry.seq = lot.seq ORDER BY lot.seq`;

export interface OpenLots {
  readonly lots: readonly Lot[];
  /** The full entry that the remainders of the last entry may refer to. */
  readonly base: FullRemainders | null;
}

/** Adds a grant to its lot, or makes the lot, which is named after its first grant. @returns the lot's id */
export function saveLot(sql: SqlStorage, entry: Entry, id: string): string | null {
  if (entry.outcome.kind !== "granted" || entry.lotSeq !== entry.seq) {
    if (entry.outcome.kind === "granted")
      sql.exec("UPDATE lot SET amount = amount + ? WHERE seq = ?", entry.amount, entry.lotSeq);
    return entry.lotSeq === null
      ? null
      : (readFirstRow<{ id: string }>(sql, "SELECT id FROM lot WHERE seq = ?", entry.lotSeq)?.id ?? null);
  }
  const { kind, amount, priority, effectiveAt, expiresAt } = entry.outcome.lot;
  const lotId = `lot_${id.slice(4)}`;
  sql.exec(
    "INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?, ?)",
    entry.seq,
    lotId,
    kind,
    amount,
    priority,
    effectiveAt,
    expiresAt,
  );
  return lotId;
}

/** The lots that are open after this entry. */
export function readOpenLots(sql: SqlStorage, { seq: lastSeq, remainders: text }: LastRow): OpenLots {
  const remaindersTextOf = (seq: number): string =>
    readFirstRow<{ remainders: string }>(sql, "SELECT remainders FROM entry WHERE seq = ?", seq)
      ?.remainders ?? "{}";
  const { remainders, base } = unpackRemainders(lastSeq, text, remaindersTextOf);
  const lots = sql
    .exec<LotRow>(OPEN_LOTS_SQL, JSON.stringify([...remainders.keys()]))
    .toArray()
    .map(
      ({
        seq,
        kind,
        amount,
        priority,
        effective_at: effectiveAt,
        granted_at: grantedAt,
        expires_at: expiresAt,
      }) => ({
        seq,
        kind,
        amount,
        priority,
        effectiveAt,
        start: effectiveAt === grantedAt ? null : effectiveAt,
        expiresAt,
        remainder: remainders.get(seq) ?? 0,
      }),
    );
  return { lots, base };
}
