import { sha256Hex } from "../../kernel/digest.ts";
import type { AuditEvent, ChainHead } from "./event.ts";
import type { PersonalValues, ProtectedEvent } from "./personal-value.ts";
import { toStorableJson } from "./storable-text.ts";

/** Where every chain begins. */
export const GENESIS: ChainHead = { seq: 0, hash: "0".repeat(64), ledgerSeq: 0 };

/** One sealed event as it lies in D1. The columns beside `body` repeat what is in it, for filters. */
export interface SealedRow {
  readonly accountId: string;
  readonly seq: number;
  readonly id: string;
  readonly at: number;
  readonly action: string;
  readonly outcome: string;
  readonly memberId: string | null;
  readonly resourceType: string;
  readonly resourceId: string | null;
  readonly body: string;
  readonly personal: PersonalValues;
  readonly prevHash: string;
  readonly hash: string;
  readonly ledgerSeq: number | null;
}

/**
 * Hex SHA-256 over the canonical JSON of {accountId, body, prevHash, seq}. The body is canonical already and
 * goes in byte for byte, so that no other spelling of it passes.
 */
export function hashOf(row: Pick<SealedRow, "accountId" | "body" | "prevHash" | "seq">): string {
  const [accountId, prevHash] = [JSON.stringify(row.accountId), JSON.stringify(row.prevHash)];
  return sha256Hex(`{"accountId":${accountId},"body":${row.body},"prevHash":${prevHash},"seq":${row.seq}}`);
}

/**
 * The next row of the chain whose newest place is `head`. Its columns say what its body says, in text that D1
 * gives back.
 */
export function seal(head: ChainHead, event: AuditEvent, { body, personal }: ProtectedEvent): SealedRow {
  const {
    accountId,
    id,
    at,
    action,
    outcome,
    actor: { memberId },
    resource: { type: resourceType, id: resourceId },
    ledgerSeq,
  } = event;
  const columns = toStorableJson({
    accountId,
    id,
    at,
    action,
    outcome,
    memberId,
    resourceType,
    resourceId,
    ledgerSeq,
  }) as Pick<
    SealedRow,
    | "accountId"
    | "id"
    | "at"
    | "action"
    | "outcome"
    | "memberId"
    | "resourceType"
    | "resourceId"
    | "ledgerSeq"
  >;
  const row = { ...columns, seq: head.seq + 1, prevHash: head.hash, body, personal };
  return { ...row, hash: hashOf(row) };
}

/** The head after `row` was added to the chain that ended at `head`. */
export const headAfter = (head: ChainHead, row: SealedRow): ChainHead => ({
  seq: row.seq,
  hash: row.hash,
  ledgerSeq: row.ledgerSeq ?? head.ledgerSeq,
});

/** The database ends before the sealed place, or has another row there. */
export const isBehind = (witness: ChainHead, database: ChainHead): boolean =>
  database.seq < witness.seq || (database.seq === witness.seq && database.hash !== witness.hash);

/**
 * Two outboxes in the order that the chain will have: by time, and each in its own order, because the entries
 * of a ledger are sealed without a gap.
 */
export function mergeByTime(staged: readonly AuditEvent[], entries: readonly AuditEvent[]): AuditEvent[] {
  const merged: AuditEvent[] = [];
  let next = 0;
  for (const entry of entries) {
    for (let event = staged[next]; event !== undefined && event.at <= entry.at; event = staged[next]) {
      merged.push(event);
      next += 1;
    }
    merged.push(entry);
  }
  return [...merged, ...staged.slice(next)];
}

/**
 * Of entries in any order, doubled or old ones among them: those that follow `ledgerSeq` without a gap, and
 * whether more wait behind a gap.
 */
export function consecutiveEntries(
  entries: readonly AuditEvent[],
  ledgerSeq: number,
): { readonly run: AuditEvent[]; readonly gap: boolean } {
  const bySeq = new Map(entries.map((entry) => [entry.ledgerSeq ?? 0, entry]));
  const run: AuditEvent[] = [];
  for (
    let entry = bySeq.get(ledgerSeq + 1);
    entry !== undefined;
    entry = bySeq.get(ledgerSeq + run.length + 1)
  )
    run.push(entry);
  return { run, gap: [...bySeq.keys()].some((seq) => seq > ledgerSeq + run.length) };
}
