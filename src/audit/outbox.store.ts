import { asc, eq, gt } from "drizzle-orm";
import type { Db, Statement } from "../kernel/db.ts";
import { auditOutbox } from "../schema/audit.ts";
import type { AuditEvent, AuditMessage } from "./event.ts";

/** Goes into the batch of the change that it records, so that neither can exist without the other. */
export const stage = (db: Db, event: AuditEvent): Statement =>
  db.insert(auditOutbox).values({ accountId: event.accountId, id: event.id, event });

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

/** The oldest events of the account that are staged and not yet sealed, at most `limit`. */
export async function stagedEvents(db: Db, accountId: string, limit: number): Promise<AuditEvent[]> {
  const rows = await db.select({ event: auditOutbox.event }).from(auditOutbox)
    .where(eq(auditOutbox.accountId, accountId)).orderBy(asc(auditOutbox.id)).limit(limit);
  return rows.map((row) => row.event as AuditEvent);
}

/** Accounts that have staged events, in the order of their ids, beginning after `afterAccountId`; at most `limit`. */
export async function stagedAccounts(db: Db, afterAccountId: string, limit: number): Promise<string[]> {
  const rows = await db.select({ accountId: auditOutbox.accountId }).from(auditOutbox)
    .where(gt(auditOutbox.accountId, afterAccountId))
    .groupBy(auditOutbox.accountId).orderBy(asc(auditOutbox.accountId)).limit(limit);
  return rows.map((row) => row.accountId);
}
