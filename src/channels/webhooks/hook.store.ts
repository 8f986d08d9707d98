import { and, asc, desc, eq, gt, lt, or, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../../gate/credentials/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { delivery, type DeliveryRow, hook, type HookRow } from "../../kernel/schema/hook.ts";
import { member } from "../../kernel/schema/team.ts";

/** Columns of the unique keys, as a failed write names them. */
export const DELIVERY_MESSAGE_COLUMNS = "delivery.hook_id, delivery.message_id";
export const DELIVERY_DIGEST_COLUMNS = "delivery.hook_id, delivery.digest";

/** A hook of the account, with what decides who has power over its owner. */
export const findHook = (db: Db, accountId: string, id: string) =>
  db
    .select({
      row: hook,
      owner: { roles: member.roles, rights: member.rights },
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
    })
    .from(hook)
    .innerJoin(member, and(eq(member.id, hook.memberId), eq(member.accountId, hook.accountId)))
    .where(and(eq(hook.accountId, accountId), eq(hook.id, id)));

/** Any hook, for any caller: its id is in the address that the sender got. */
export const findHookById = (db: Db, id: string) => db.select().from(hook).where(eq(hook.id, id));

/**
 * Oldest first, beginning after the id `after`.
 * @param memberId only this member's; null: those of all members
 */
export const listHooks = (
  db: Db,
  accountId: string,
  memberId: string | null,
  after: string | null,
  limit: number,
) =>
  db
    .select()
    .from(hook)
    .where(
      and(
        eq(hook.accountId, accountId),
        memberId === null ? undefined : eq(hook.memberId, memberId),
        after === null ? undefined : gt(hook.id, after),
      ),
    )
    .orderBy(asc(hook.id))
    .limit(limit);

export const countHooks = (db: Db, accountId: string) =>
  db.select({ count: sql<number>`COUNT(*)` }).from(hook).where(eq(hook.accountId, accountId));

/** Fails the batch when the account has that many already, also when several are made at once. */
export const insertHook = (db: Db, permit: Permit, row: HookRow, limit: number): Statement[] => {
  permit.requireFor(row.id);
  return [
    guard(db, "changed", sql`(SELECT COUNT(*) FROM hook WHERE account_id = ${row.accountId}) < ${limit}`),
    db.insert(hook).values(row),
  ];
};

/** Fails the batch when the row is no longer the one that was read. */
export const guardHook = (db: Db, row: Pick<HookRow, "id" | "version">): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM hook WHERE id = ${row.id} AND version = ${row.version})`);

/** It keeps the last refusal, which may be newer than the row that was read. */
export const updateHook = (
  db: Db,
  permit: Permit,
  { id, accountId, lastRefusal: _, ...row }: HookRow,
): Statement => {
  permit.requireFor(id);
  return db
    .update(hook)
    .set(row)
    .where(and(eq(hook.id, id), eq(hook.accountId, accountId)));
};

/** What came in through it goes with it. */
export const removeHook = (db: Db, { id, accountId }: HookRow): Statement =>
  db.delete(hook).where(and(eq(hook.id, id), eq(hook.accountId, accountId)));

/** One row for all refusals, and one write in `everyMs` at most. */
export const recordHookRefusal = (
  db: Db,
  id: string,
  refusal: NonNullable<HookRow["lastRefusal"]>,
  everyMs: number,
): Statement =>
  db
    .update(hook)
    .set({ lastRefusal: refusal })
    .where(
      and(
        eq(hook.id, id),
        or(sql`${hook.lastRefusal} IS NULL`, sql`${hook.lastRefusal} ->> 'at' <= ${refusal.at - everyMs}`),
      ),
    );

/**
 * The same message by what was signed, or by its name. The former first, and nothing else counts beside it:
 * any sender may use a name.
 */
export const findDelivery = (db: Db, hookId: string, messageId: string, digest: string) =>
  db
    .select()
    .from(delivery)
    .where(
      and(eq(delivery.hookId, hookId), or(eq(delivery.messageId, messageId), eq(delivery.digest, digest))),
    )
    .orderBy(desc(eq(delivery.digest, digest)))
    .limit(1);

/** Newest first, beginning before the id `before`. */
export const listDeliveries = (db: Db, hookId: string, before: string | null, limit: number) =>
  db
    .select()
    .from(delivery)
    .where(and(eq(delivery.hookId, hookId), before === null ? undefined : lt(delivery.id, before)))
    .orderBy(desc(delivery.id))
    .limit(limit);

/**
 * Stands first in the batch of what a delivery does: of two at once, one fails on its keys, and with it
 * everything else in its batch.
 * @param before the same message, which was denied and is decided again
 */
export const writeDelivery = (db: Db, row: DeliveryRow, before: DeliveryRow | null): Statement[] =>
  before === null
    ? [db.insert(delivery).values(row)]
    : [
        guard(
          db,
          "changed",
          sql`EXISTS (SELECT 1 FROM delivery WHERE hook_id = ${before.hookId} AND id = ${before.id}
            AND attempts = ${before.attempts} AND outcome = 'denied')`,
        ),
        db
          .update(delivery)
          .set(row)
          .where(and(eq(delivery.hookId, before.hookId), eq(delivery.id, before.id))),
      ];
