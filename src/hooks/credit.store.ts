import { and, asc, eq, lt, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { delivery, type DeliveryRow, hookCredit, type HookCreditRow } from "../schema/hook.ts";

export const insertCredit = (db: Db, row: HookCreditRow): Statement => db.insert(hookCredit).values(row);

/** What a delivery has begun and not brought to its end. */
export const findCreditOf = (db: Db, hookId: string, deliveryId: string) =>
  db.select().from(hookCredit).where(and(eq(hookCredit.hookId, hookId), eq(hookCredit.deliveryId, deliveryId)));

/** What a crash left behind, the oldest first: the table holds nothing else. @param before milliseconds since the epoch */
export const findCredits = (db: Db, before: number, limit: number) =>
  db.select().from(hookCredit).where(lt(hookCredit.createdAt, before)).orderBy(asc(hookCredit.createdAt)).limit(limit);

/** Ends it once: fails under "changed" when somebody else has. A hook that is gone has no deliveries any more. */
export const endCredit = (db: Db, { key, hookId, deliveryId }: HookCreditRow, became: Pick<DeliveryRow, "outcome" | "updatedAt">, refusal: { readonly code: string; readonly detail: string } | null): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM hook_credit WHERE key = ${key})`),
  db.delete(hookCredit).where(eq(hookCredit.key, key)),
  db.update(delivery).set({ ...became, ...(refusal === null ? {} : { detail: sql`json_patch(${delivery.detail}, ${JSON.stringify(refusal)})` }) })
    .where(and(eq(delivery.hookId, hookId), eq(delivery.id, deliveryId))),
];

export const findDeliveryById = (db: Db, hookId: string, id: string) => db.select().from(delivery).where(and(eq(delivery.hookId, hookId), eq(delivery.id, id)));
