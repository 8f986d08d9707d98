import { and, asc, eq, lt, ne, type SQL, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { charge, type ChargeRow } from "../kernel/schema/resource.ts";
import { account, member } from "../kernel/schema/team.ts";
import type { PaidChange } from "./charge.ts";
import { insertResource, patchAttributes } from "./resource.store.ts";

/** Columns of the unique key, as a failed insert names them: two calls at once meet here. */
export const CHARGE_KEY_COLUMNS = "charge.account_id, charge.key";

const whereCharge = (accountId: string, key: string) =>
  and(eq(charge.accountId, accountId), eq(charge.key, key));

/** In the words of the indexes that hold only these. */
const PENDING = sql`${charge.status} = 'pending'`;

export const findCharge = (db: Db, accountId: string, key: string) =>
  db.select().from(charge).where(whereCharge(accountId, key));

/** One charge at a time on an object: what an action sets rests on what it read. */
export const insertCharge = (db: Db, row: ChargeRow): Statement[] => [
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM charge WHERE resource_id = ${row.resourceId} AND status = 'pending')`,
  ),
  db.insert(charge).values(row),
];

/**
 * Writes what is paid for, once: fails under "changed" when another call has done so, or when it was
 * refused.
 */
export const payCharge = (
  db: Db,
  row: Pick<ChargeRow, "accountId" | "key">,
  change: PaidChange,
  now: number,
): Statement[] => [
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM charge
    WHERE account_id = ${row.accountId} AND key = ${row.key} AND status = 'pending')`,
  ),
  change.kind === "insert"
    ? insertResource(db, change.row)
    : patchAttributes(db, { accountId: row.accountId, type: change.type, id: change.id }, change, now),
  db.update(charge).set({ status: "paid" }).where(whereCharge(row.accountId, row.key)),
];

export const refuseCharge = (db: Db, { accountId, key }: Pick<ChargeRow, "accountId" | "key">): Statement =>
  db
    .update(charge)
    .set({ status: "refused" })
    .where(and(whereCharge(accountId, key), eq(charge.status, "pending")));

/** The key belongs to an old command that only the ledger still knows. */
export const deleteCharge = (db: Db, { accountId, key }: Pick<ChargeRow, "accountId" | "key">): Statement =>
  db.delete(charge).where(whereCharge(accountId, key));

/** A charge with what decides on it now; the member may be gone. */
export interface PendingCharge {
  readonly charge: ChargeRow;
  readonly account: typeof account.$inferSelect;
  readonly member: typeof member.$inferSelect | null;
}

/** Not for a batch. */
const selectPendingCharges = (db: Db, where: SQL) =>
  db
    .select({ charge, account, member })
    .from(charge)
    .innerJoin(account, eq(account.id, charge.accountId))
    .leftJoin(member, eq(member.id, charge.memberId))
    .where(and(PENDING, where));

/** Charges that a crash left behind, the oldest first. */
export const findPendingBefore = (db: Db, before: number, limit: number) =>
  selectPendingCharges(db, lt(charge.createdAt, before)).orderBy(asc(charge.createdAt)).limit(limit);

export const findPendingOnObject = (db: Db, resourceId: string) =>
  selectPendingCharges(db, eq(charge.resourceId, resourceId));

/** Charges that a member began, or that others began on these objects. */
const whereConcernsMember = (accountId: string, memberId: string, resourceIds: readonly string[]): SQL =>
  sql`(${charge.accountId} = ${accountId} AND ${charge.memberId} = ${memberId})
    OR ${charge.resourceId} IN (SELECT value FROM json_each(${JSON.stringify(resourceIds)}))`;

export const findPendingOfMember = (
  db: Db,
  accountId: string,
  memberId: string,
  resourceIds: readonly string[],
) => selectPendingCharges(db, sql`(${whereConcernsMember(accountId, memberId, resourceIds)})`);

/** Fails the batch while there are such: a removed member leaves nothing unpaid, and owned what was paid. */
export const guardNoPendingCharge = (
  db: Db,
  accountId: string,
  memberId: string,
  resourceIds: readonly string[],
): Statement =>
  guard(
    db,
    "charges_pending",
    sql`NOT EXISTS (SELECT 1 FROM ${charge}
    WHERE ${PENDING} AND (${whereConcernsMember(accountId, memberId, resourceIds)}))`,
  );

/** Whether there is one, for a batch: there, columns of one name in several tables would become one. */
export const selectPendingKeysOn = (db: Db, resourceId: string) =>
  db
    .select({ key: charge.key })
    .from(charge)
    .where(and(eq(charge.resourceId, resourceId), PENDING));

export const deleteOldCharges = (db: Db, before: number): Statement =>
  db.delete(charge).where(and(ne(charge.status, "pending"), lt(charge.createdAt, before)));
