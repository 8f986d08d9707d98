import { canonicalJson } from "../../kernel/canonical-json.ts";
import { headAfter, hashOf, type SealedRow } from "./chain.ts";
import type { AuditEvent, ChainHead } from "./event.ts";
import { blankedPaths, type IsErased } from "./erasure.ts";
import { isPersonalIntact } from "./personal-value.ts";

/** What can be wrong with a chain. */
export const CHAIN_FAULTS = {
  missing: "The row of this place is gone.",
  inserted: "The row of this place was never sealed here.",
  reordered: "The row of this place was sealed at another one.",
  altered: "The row of this place is not what was sealed.",
  "personal-erased": "A personal value of this row is gone, and no erasure names it.",
  "personal-altered": "A personal value of this row is not the one whose digest was sealed.",
  "ledger-gap": "The entry of the ledger that belongs here is not in the chain.",
  "not-the-ledgers": "The entry of this place is not the one that the account's ledger has there.",
  rewritten:
    "The chain was rewritten: its hash at this place is not the one that the account's object keeps.",
  truncated: "The chain ends before this place, which had been sealed.",
  "head-altered": "The head in the database is not the end of the chain.",
} as const;

export type ChainFaultName = keyof typeof CHAIN_FAULTS;

export interface ChainFault {
  readonly seq: number;
  readonly fault: ChainFaultName;
}

/** How far a walk along the chain has come: the place it reached, and the hash of the place before. */
export interface ChainWalk {
  /** Rows of this walk that lost personal values by an erasure. */
  readonly erased?: number;
  readonly head: ChainHead;
  readonly hashBefore: string | null;
  readonly fault: ChainFault | null;
}

/** Names the searched range when a row stands at a place where it was not sealed. */
const SHIFT_MAX = 100;

/**
 * Goes on along the chain until the first fault.
 * @param rows in the order of `seq`; those past `count` are only looked at to name a fault, not verified
 * @param witness the head that is kept outside the database, for comparison when the walk passes it
 * @param erased what erasures name; null does not ask what is gone
 * @param entries those that the ledger itself has after the walk's place, as many as the rows can hold; null
 * does not compare
 */
export async function verifyRows(
  walk: ChainWalk,
  rows: readonly SealedRow[],
  count: number,
  witness: ChainHead | null,
  entries: readonly AuditEvent[] | null = null,
  erased: IsErased | null = null,
): Promise<ChainWalk> {
  const ledger = entries === null ? null : new Map(entries.map((entry) => [entry.ledgerSeq, entry]));
  for (let index = 0; index < Math.min(count, rows.length) && walk.fault === null; index += 1) {
    const row = rows[index] as SealedRow;
    const blanked = erased === null ? [] : blankedPaths(parseBody(row.body), row.personal);
    const fault =
      (await findRowFault(walk, row, rows.slice(index + 1, index + 1 + SHIFT_MAX), witness, ledger)) ??
      (blanked.every((path) => erased?.(row.seq, path))
        ? null
        : { seq: row.seq, fault: "personal-erased" as const });
    walk =
      fault === null
        ? {
            head: headAfter(walk.head, row),
            hashBefore: walk.head.hash,
            fault: null,
            erased: (walk.erased ?? 0) + (blanked.length > 0 ? 1 : 0),
          }
        : { ...walk, fault };
  }
  return walk;
}

type LedgerEntries = ReadonlyMap<number | null, AuditEvent>;

async function findRowFault(
  walk: ChainWalk,
  row: SealedRow,
  later: readonly SealedRow[],
  witness: ChainHead | null,
  ledger: LedgerEntries | null,
): Promise<ChainFault | null> {
  const { head } = walk;
  const seq = head.seq + 1;
  if (row.seq < seq) return { seq: row.seq, fault: "inserted" };
  if (row.seq > seq) return { seq, fault: "missing" };
  const isWhole = row.hash === hashOf(row);
  if (!isWhole || row.prevHash !== head.hash) return await diagnoseMisplaced(walk, row, later, isWhole);
  const body = parseBody(row.body);
  if (body === null || !hasMatchingColumns(row, body)) return { seq, fault: "altered" };
  if (row.ledgerSeq !== null && row.ledgerSeq !== head.ledgerSeq + 1) return { seq, fault: "ledger-gap" };
  if (row.ledgerSeq !== null && ledger !== null && !isSameEntry(body, ledger.get(row.ledgerSeq)))
    return { seq, fault: "not-the-ledgers" };
  if (witness !== null && witness.seq === seq && witness.hash !== row.hash)
    return { seq, fault: "rewritten" };
  return isPersonalIntact(body, row.personal) ? null : { seq, fault: "personal-altered" };
}

/** A row that does not belong where it stands: its neighbours tell what was done. */
async function diagnoseMisplaced(
  { head, hashBefore }: ChainWalk,
  row: SealedRow,
  later: readonly SealedRow[],
  isWhole: boolean,
): Promise<ChainFault> {
  const { seq } = row;
  const [next] = later;
  if (later.some((other) => other.hash === row.prevHash)) return { seq, fault: "reordered" };
  // The row follows the one before last: the last one was pushed in between, with a hash that holds.
  if (row.prevHash === hashBefore) return { seq: head.seq, fault: "inserted" };
  if (next?.prevHash === head.hash) return { seq, fault: "inserted" };
  if (isWhole) {
    // It holds and so does what follows it, so the row before was replaced, hash and all.
    const precedesNext = next === undefined || next.prevHash === row.hash;
    return { seq: precedesNext && head.seq > 0 ? head.seq : seq, fault: "altered" };
  }
  if (row.prevHash === head.hash) return { seq, fault: "altered" };
  for (let place = seq + 1; place <= seq + SHIFT_MAX; place += 1) {
    if (row.hash === hashOf({ ...row, seq: place })) return { seq, fault: "missing" };
  }
  return { seq, fault: "altered" };
}

type SealedBody = Partial<
  Record<"id" | "at" | "action" | "outcome" | "reason" | "cost" | "changes" | "ledgerSeq", unknown>
> & {
  readonly actor?: { readonly memberId?: unknown };
  readonly resource?: { readonly type?: unknown; readonly id?: unknown };
};

/** An attacker who can write hashes can write any text under them, so the text may be no JSON at all. */
export function parseBody(body: string): SealedBody | null {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

/** The columns that filters use say the same as the sealed body. */
const hasMatchingColumns = (row: SealedRow, body: SealedBody): boolean =>
  row.id === body.id &&
  row.at === body.at &&
  row.action === body.action &&
  row.outcome === body.outcome &&
  row.ledgerSeq === body.ledgerSeq &&
  row.memberId === body.actor?.memberId &&
  row.resourceType === body.resource?.type &&
  row.resourceId === body.resource?.id;

/** What moved, when, and by whom: the rest of an entry says where from, and may be erased. */
const factsOf = ({
  id,
  at,
  action,
  outcome,
  reason,
  cost,
  changes,
  ledgerSeq,
  actor,
  resource,
}: SealedBody): string =>
  canonicalJson({
    id,
    at,
    action,
    outcome,
    reason,
    cost,
    changes,
    ledgerSeq,
    memberId: actor?.memberId,
    resource,
  });

function isSameEntry(body: SealedBody, entry: AuditEvent | undefined): boolean {
  try {
    return entry !== undefined && factsOf(body) === factsOf(entry);
  } catch {
    // Nested deeper than a walk can go, so no entry wrote it.
    return false;
  }
}

/**
 * Compares the end of the walk with the head in the database and with the one outside it. The database may be
 * ahead of the witness, which gets a report after each sealing. It is never behind the witness.
 */
export function verifyEnd(walk: ChainWalk, head: ChainHead, witness: ChainHead | null): ChainFault | null {
  if (walk.fault !== null) return walk.fault;
  const end = walk.head;
  if (Math.max(head.seq, witness?.seq ?? 0) > end.seq) return { seq: end.seq + 1, fault: "truncated" };
  if (head.seq < end.seq)
    return { seq: head.seq + 1, fault: (witness?.seq ?? 0) > head.seq ? "head-altered" : "inserted" };
  if (head.hash !== end.hash || head.ledgerSeq !== end.ledgerSeq)
    return { seq: end.seq, fault: "head-altered" };
  return null;
}
