import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import { batch, type Db, type Expression, failedGuard, guard, type Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { auditEvent, auditOutbox } from "../../kernel/schema/audit.ts";
import { type AuditEvent, type AuditMessage, SYSTEM_ACTOR } from "./event.ts";
import { macOf } from "./staged-row.ts";

/**
 * Goes into the batch of the change that it records, so that neither can exist without the other.
 * @param generatedField the member of what was changed that `completeEvent` writes in the same batch
 */
export function stageEvent(
  db: Db,
  signingKeys: string,
  event: AuditEvent,
  generatedField: string | null = null,
): Statement {
  const { accountId, id } = event;
  const text = JSON.stringify(event);
  const mac = macOf(signingKeys, { accountId, id, open: generatedField, text });
  return db.insert(auditOutbox).values({ accountId, id, event: sql`${text}`, open: generatedField, mac });
}

/** Writes what only its batch knows beside a staged event that was signed without it. */
export const completeEvent = (db: Db, event: AuditEvent, field: string, value: Expression): Statement =>
  db
    .update(auditOutbox)
    .set({ given: sql`${value}` })
    .where(
      and(
        eq(auditOutbox.accountId, event.accountId),
        eq(auditOutbox.id, event.id),
        eq(auditOutbox.open, field),
      ),
    );

/**
 * Says that events were staged, so that they are sealed within moments. Never throws: what the queue did not
 * take, the sweep finds in the outbox.
 */
export async function notifyAuditQueue(
  queue: Queue,
  accountId: string,
  events: readonly AuditEvent[],
): Promise<void> {
  for (const chain of new Set([accountId, ...events.map((event) => event.accountId)])) {
    try {
      await queue.send({ kind: "staged", accountId: chain } satisfies AuditMessage);
    } catch (error) {
      console.error({
        message: "staged audit events wait for the sweep",
        accountId: chain,
        error: String(error),
      });
    }
  }
}

/** The oldest of what is staged and not yet sealed, as text: it is checked before it is used. */
export const selectStaged = (db: Db, accountId: string, limit: number) =>
  db
    .select({
      id: auditOutbox.id,
      event: sql<unknown>`${auditOutbox.event}`,
      mac: auditOutbox.mac,
      open: auditOutbox.open,
      given: sql<unknown>`${auditOutbox.given}`,
    })
    .from(auditOutbox)
    .where(eq(auditOutbox.accountId, accountId))
    .orderBy(asc(auditOutbox.id))
    .limit(limit);

interface OutboxContext {
  readonly db: Db;
  readonly signingKeys: string;
}

/** A row of the outbox that is no event of its account. */
export interface InvalidRow {
  readonly id: string;
  readonly reason: string;
}

/**
 * Moves rows that are never sealed to the dead letters, so that they do not hold up other rows. A sealed
 * event in the account's own audit log reports it, and no editor of D1 can remove that event.
 * @param at milliseconds since the epoch
 */
export async function moveToDeadLetters(
  { db, signingKeys }: OutboxContext,
  accountId: string,
  invalidRows: readonly InvalidRow[],
  at: number,
): Promise<void> {
  const message = "rows of the outbox are no events of this gate and were moved to the dead letters";
  console.error({ message, accountId, unfit: invalidRows.slice(0, 5), count: invalidRows.length });
  const rows = JSON.stringify(invalidRows);
  const deadLetterId = sql`'outbox/' || account_id || '/' || audit_outbox.id`;
  const statements = [
    guard(
      db,
      "changed",
      sql`(SELECT COUNT(*) FROM audit_outbox WHERE account_id = ${accountId}
      AND id IN (SELECT value->>'id' FROM json_each(${rows}))) = ${invalidRows.length}`,
    ),
    db.run(sql`INSERT OR IGNORE INTO dead_letter (id, queue, reason, body, at)
      SELECT ${deadLetterId}, 'audit_outbox', unfit.value->>'reason', event, ${at}
      FROM json_each(${rows}) AS unfit JOIN audit_outbox
        ON account_id = ${accountId} AND audit_outbox.id = unfit.value->>'id'`),
    db.run(
      sql`DELETE FROM audit_outbox WHERE account_id = ${accountId}
        AND id IN (SELECT value->>'id' FROM json_each(${rows}))`,
    ),
    stageEvent(db, signingKeys, quarantineEvent(accountId, invalidRows, at)),
  ];
  try {
    await batch(db, statements);
  } catch (error) {
    // Another sealing was faster, and has reported them.
    if (failedGuard(error) !== "changed") throw error;
  }
}

const REASONS_MAX = 20;

/** It contains no ids, because the writer of the rows chose them. */
function quarantineEvent(accountId: string, invalidRows: readonly InvalidRow[], at: number): AuditEvent {
  const reasons = [...new Set(invalidRows.map(({ reason }) => reason))].slice(0, REASONS_MAX);
  return {
    id: newId("event", at),
    accountId,
    at,
    actor: SYSTEM_ACTOR,
    action: "audit.quarantine",
    resource: { type: "audit", id: null },
    outcome: "failed",
    reason: reasons[0] ?? null,
    cost: null,
    origin: { requestId: "system", ip: null, userAgent: null },
    changes: { before: {}, after: { rows: invalidRows.length, reasons } },
    ledgerSeq: null,
  };
}

/** Rows of the outbox that are in the chain already: copies that an editor of D1 put back. */
export async function moveSealedCopiesToDeadLetters(
  keys: OutboxContext,
  accountId: string,
  at: number,
): Promise<void> {
  const rows = await keys.db
    .select({ id: auditOutbox.id })
    .from(auditOutbox)
    .innerJoin(auditEvent, and(eq(auditEvent.id, auditOutbox.id), isNull(auditEvent.ledgerSeq)))
    .where(eq(auditOutbox.accountId, accountId))
    .limit(250);
  if (rows.length > 0)
    await moveToDeadLetters(
      keys,
      accountId,
      rows.map(({ id }) => ({ id, reason: "sealed before: a copy" })),
      at,
    );
}

/**
 * Accounts that have staged events, in the order of their ids, beginning after `afterAccountId`; at most
 * `limit`.
 */
export async function listStagedAccounts(db: Db, afterAccountId: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ accountId: auditOutbox.accountId })
    .from(auditOutbox)
    .where(gt(auditOutbox.accountId, afterAccountId))
    .groupBy(auditOutbox.accountId)
    .orderBy(asc(auditOutbox.accountId))
    .limit(limit);
  return rows.map((row) => row.accountId);
}
