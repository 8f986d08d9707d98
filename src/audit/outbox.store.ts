import { and, asc, eq, gt, sql } from "drizzle-orm";
import { batch, type Db, type Expression, type Statement } from "../kernel/db.ts";
import { auditOutbox } from "../schema/audit.ts";
import type { AuditEvent, AuditMessage } from "./event.ts";

/** Goes into the batch of the change that it records, so that neither can exist without the other. */
export const stage = (db: Db, event: AuditEvent): Statement =>
  db.insert(auditOutbox).values({ accountId: event.accountId, id: event.id, event });

/** Writes into a staged event, as a member of what was changed, what only its batch knows. */
export const complete = (db: Db, event: AuditEvent, member: string, value: Expression): Statement =>
  db.update(auditOutbox).set({ event: sql`json_set(${auditOutbox.event}, ${`$.changes.after.${member}`}, ${value})` })
    .where(and(eq(auditOutbox.accountId, event.accountId), eq(auditOutbox.id, event.id)));

/**
 * Says that events were staged, so that they are sealed within moments. Never throws: what the queue did not take, the
 * sweep finds in the outbox.
 */
export async function publish(queue: Queue, accountId: string, events: readonly AuditEvent[]): Promise<void> {
  for (const chain of new Set([accountId, ...events.map((event) => event.accountId)])) {
    try {
      await queue.send({ kind: "staged", accountId: chain } satisfies AuditMessage);
    } catch (error) {
      console.error({ message: "staged audit events wait for the sweep", accountId: chain, error: String(error) });
    }
  }
}

/** The oldest of what is staged and not yet sealed, as text: it is checked before it is used. */
export const selectStaged = (db: Db, accountId: string, limit: number) =>
  db.select({ id: auditOutbox.id, event: sql<unknown>`${auditOutbox.event}` }).from(auditOutbox)
    .where(eq(auditOutbox.accountId, accountId)).orderBy(asc(auditOutbox.id)).limit(limit);

/** A row of the outbox that is no event of its account. */
export interface Unfit {
  readonly id: string;
  readonly reason: string;
}

/** Moves rows that can never be sealed to the dead letters, so that they hold up nobody. @param at milliseconds since the epoch */
export async function buryStaged(db: Db, accountId: string, unfit: readonly Unfit[], at: number): Promise<void> {
  console.error({ message: "rows of the outbox are no events and were moved to the dead letters", accountId, unfit: unfit.slice(0, 5), count: unfit.length });
  const rows = JSON.stringify(unfit);
  await batch(db, [
    db.run(sql`INSERT OR IGNORE INTO dead_letter (id, queue, reason, body, at)
      SELECT 'outbox/' || account_id || '/' || audit_outbox.id, 'audit_outbox', unfit.value->>'reason', event, ${at}
      FROM json_each(${rows}) AS unfit JOIN audit_outbox ON account_id = ${accountId} AND audit_outbox.id = unfit.value->>'id'`),
    db.run(sql`DELETE FROM audit_outbox WHERE account_id = ${accountId} AND id IN (SELECT value->>'id' FROM json_each(${rows}))`),
  ]);
}

/** Accounts that have staged events, in the order of their ids, beginning after `afterAccountId`; at most `limit`. */
export async function stagedAccounts(db: Db, afterAccountId: string, limit: number): Promise<string[]> {
  const rows = await db.select({ accountId: auditOutbox.accountId }).from(auditOutbox)
    .where(gt(auditOutbox.accountId, afterAccountId))
    .groupBy(auditOutbox.accountId).orderBy(asc(auditOutbox.accountId)).limit(limit);
  return rows.map((row) => row.accountId);
}
