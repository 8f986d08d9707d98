import { and, asc, eq, gte, sql } from "drizzle-orm";
import { batch, type Db, failedGuard, isUniqueViolation, guard, type Statement } from "../../kernel/db.ts";
import { auditEvent, auditHead } from "../../kernel/schema/audit.ts";
import { account } from "../../kernel/schema/team.ts";
import { GENESIS, headAfter, type SealedRow } from "./chain.ts";
import type { AuditEvent, ChainHead } from "./event.ts";
import { parseStagedRow } from "./message.ts";
import { selectStaged, type InvalidRow } from "./outbox.store.ts";
import type { PersonalValues } from "./personal-value.ts";

/** The end of a chain and what waits to be sealed, as of one moment. */
export interface PendingChain {
  readonly head: ChainHead;
  readonly staged: readonly AuditEvent[];
  readonly invalidRows: readonly InvalidRow[];
  /** The outbox may hold more than was read. */
  readonly isFull: boolean;
  /** The rows from the place of the witness's head on, that one first; at most `limit`. */
  readonly recent: readonly SealedRow[];
  /** The database was put back to an earlier state, and the platform has not accepted that. */
  readonly isRestored: boolean;
}

/** One transaction: a staged event that is seen beside a head is not yet in the chain that ends there. */
export async function loadPending(
  db: Db,
  signingKeys: string,
  accountId: string,
  witnessSeq: number,
  limit: number,
): Promise<PendingChain> {
  const [heads, rows, recent, marks] = await db.batch([
    selectHead(db, accountId),
    selectStaged(db, accountId, limit),
    db
      .select(SEALED_COLUMNS)
      .from(auditEvent)
      .where(and(eq(auditEvent.accountId, accountId), gte(auditEvent.seq, witnessSeq)))
      .orderBy(asc(auditEvent.seq))
      .limit(limit),
    db.select({ restoredAt: account.restoredAt }).from(account).where(eq(account.id, accountId)),
  ]);
  const staged: AuditEvent[] = [];
  const unfit: InvalidRow[] = [];
  for (const row of rows) {
    const read = parseStagedRow(signingKeys, accountId, row);
    if ("reason" in read && !("id" in read)) unfit.push({ id: row.id, reason: read.reason });
    else staged.push(read as AuditEvent);
  }
  return {
    head: heads[0] ?? GENESIS,
    staged,
    invalidRows: unfit,
    isFull: rows.length >= limit,
    recent: recent.map(toSealedRow),
    isRestored: (marks[0]?.restoredAt ?? null) !== null,
  };
}

/** The newest place of the chain; no row before the first sealing. */
export const selectHead = (db: Db, accountId: string) =>
  db
    .select({ seq: auditHead.seq, hash: auditHead.hash, ledgerSeq: auditHead.ledgerSeq })
    .from(auditHead)
    .where(eq(auditHead.accountId, accountId));

/**
 * Adds rows to the chain that ends at `head`, all or nothing, and clears their events from the outbox. The
 * head is the only guard that is needed: no event leaves the outbox without moving it.
 * @returns the new head; "moved" when the chain no longer ends at `head`, because another was sealing;
 * "sealed_before" when an event is in a chain already
 */
export async function appendRows(
  db: Db,
  accountId: string,
  head: ChainHead,
  rows: readonly SealedRow[],
): Promise<ChainHead | "moved" | "sealed_before"> {
  const end = rows.reduce(headAfter, head);
  const stagedIds = rows.filter((row) => row.ledgerSeq === null).map((row) => row.id);
  const statements: Statement[] = [
    guard(db, "head_moved", isHeadAt(accountId, head)),
    insertRows(db, accountId, rows),
    db
      .insert(auditHead)
      .values({ accountId, ...end })
      .onConflictDoUpdate({ target: auditHead.accountId, set: end }),
    ...(stagedIds.length === 0
      ? []
      : [
          db.run(
            sql`DELETE FROM audit_outbox WHERE account_id = ${accountId}
              AND id IN (SELECT value FROM json_each(${JSON.stringify(stagedIds)}))`,
          ),
        ]),
  ];
  try {
    await batch(db, statements);
    return end;
  } catch (error) {
    if (failedGuard(error) === "head_moved") return "moved";
    if (isUniqueViolation(error, "audit_event.id")) return "sealed_before";
    throw error;
  }
}

const isHeadAt = (accountId: string, { seq, hash, ledgerSeq }: ChainHead) =>
  seq === 0
    ? sql`NOT EXISTS (SELECT 1 FROM audit_head WHERE account_id = ${accountId})`
    : sql`EXISTS (SELECT 1 FROM audit_head WHERE account_id = ${accountId} AND seq = ${seq}
        AND hash = ${hash} AND ledger_seq = ${ledgerSeq})`;

/** All rows are one parameter, because D1 takes a hundred of them and a batch of rows has thousands. */
const insertRows = (db: Db, accountId: string, rows: readonly SealedRow[]): Statement => {
  const values = rows.map((row) => ({ ...row, personal: JSON.stringify(row.personal) }));
  return db.run(sql`
  INSERT INTO audit_event (account_id, seq, id, at, action, outcome, member_id, resource_type, resource_id,
    body, personal, prev_hash, hash, ledger_seq)
  SELECT ${accountId}, value->>'seq', value->>'id', value->>'at', value->>'action',
    value->>'outcome', value->>'memberId', value->>'resourceType', value->>'resourceId', value->>'body',
    value->>'personal', value->>'prevHash', value->>'hash', value->>'ledgerSeq'
  FROM json_each(${JSON.stringify(values)})`);
};

/** The columns of a sealed row; `personal` as its text, because an edited one need not be JSON. */
export const SEALED_COLUMNS = {
  accountId: auditEvent.accountId,
  seq: auditEvent.seq,
  id: auditEvent.id,
  at: auditEvent.at,
  action: auditEvent.action,
  outcome: auditEvent.outcome,
  memberId: auditEvent.memberId,
  resourceType: auditEvent.resourceType,
  resourceId: auditEvent.resourceId,
  body: auditEvent.body,
  personal: sql<string>`${auditEvent.personal}`,
  prevHash: auditEvent.prevHash,
  hash: auditEvent.hash,
  ledgerSeq: auditEvent.ledgerSeq,
};

/** No digest of a body is the body itself, so what cannot be read never passes for what was sealed. */
const UNREADABLE: PersonalValues = { "": ["", null] };

export function toSealedRow(row: Omit<SealedRow, "personal"> & { readonly personal: string }): SealedRow {
  let personal: unknown;
  try {
    personal = JSON.parse(row.personal);
  } catch {
    personal = null;
  }
  const isReadable = personal !== null && typeof personal === "object" && !Array.isArray(personal);
  return { ...row, personal: isReadable ? (personal as PersonalValues) : UNREADABLE };
}
