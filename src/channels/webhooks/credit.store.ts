import { and, asc, eq, lt, lte, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { delivery, type DeliveryRow, hookCredit, type HookCreditRow } from "../../kernel/schema/hook.ts";
import type { Sentences } from "../../kernel/messages/message.ts";

export const insertCredit = (db: Db, row: HookCreditRow): Statement => db.insert(hookCredit).values(row);

/** What a delivery has begun and not brought to its end. */
export const findDeliveryCredit = (db: Db, hookId: string, deliveryId: string) =>
  db
    .select()
    .from(hookCredit)
    .where(and(eq(hookCredit.hookId, hookId), eq(hookCredit.deliveryId, deliveryId)));

/**
 * What a crash left behind and what waits for room, the oldest first: the table holds nothing else.
 * @param before, now milliseconds since the epoch
 */
export const findDueCredits = (db: Db, before: number, now: number, limit: number) =>
  db
    .select()
    .from(hookCredit)
    .where(and(lt(hookCredit.createdAt, before), lte(hookCredit.retryAt, now)))
    .orderBy(asc(hookCredit.retryAt), asc(hookCredit.createdAt))
    .limit(limit);

interface ProblemText {
  readonly code: string;
  /** Null: the sentence of the code. */
  readonly detail: Sentences | null;
}

function detailWithProblem(problem: ProblemText | null) {
  const { code = null, detail = null } = problem ?? {};
  return sql`json_set(${delivery.detail}, '$.code', ${code}, '$.detail', json(${JSON.stringify(detail)}))`;
}
const whereDelivery = ({ hookId, deliveryId }: HookCreditRow) =>
  and(eq(delivery.hookId, hookId), eq(delivery.id, deliveryId));

/** Puts it off. Fails under "changed" when another call has ended it or put it off. */
export const postponeCredit = (
  db: Db,
  row: HookCreditRow,
  retryAt: number,
  updatedAt: number,
  problem: ProblemText,
): Statement[] => [
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM hook_credit WHERE key = ${row.key} AND retry_at = ${row.retryAt})`,
  ),
  db.update(hookCredit).set({ retryAt }).where(eq(hookCredit.key, row.key)),
  db
    .update(delivery)
    .set({ updatedAt, detail: detailWithProblem(problem) })
    .where(whereDelivery(row)),
];

/**
 * Ends it once: fails under "changed" when another call has ended it. A hook that is gone has no deliveries
 * any more.
 */
export const endCredit = (
  db: Db,
  row: HookCreditRow,
  outcome: Pick<DeliveryRow, "outcome" | "updatedAt">,
  problem: ProblemText | null,
): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM hook_credit WHERE key = ${row.key})`),
  db.delete(hookCredit).where(eq(hookCredit.key, row.key)),
  db
    .update(delivery)
    .set({ ...outcome, detail: detailWithProblem(problem) })
    .where(whereDelivery(row)),
];

export const findDeliveryById = (db: Db, hookId: string, id: string) =>
  db
    .select()
    .from(delivery)
    .where(and(eq(delivery.hookId, hookId), eq(delivery.id, id)));
