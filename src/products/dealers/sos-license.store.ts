import { and, eq, lt, or, sql } from "drizzle-orm";
import { canonicalSerial } from "../../kernel/text/look-alike.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { resource, sosBlock, sosSerial } from "../../kernel/schema/resource.ts";

export type SosBlockRow = typeof sosBlock.$inferSelect;

/**
 * The primary key's column, as a failed insert names it: another call has blocked the dealer a moment ago.
 */
export const SOS_BLOCK_KEY_COLUMNS = "sos_block.account_id";

/** Columns of the unique key, as a failed insert names them: another call of the family was faster. */
export const SOS_SERIAL_KEY_COLUMNS = "sos_serial.family_id, sos_serial.serial";

/** Begins a serial number that stands as it was written. */
const RAW_PREFIX = " ";

/**
 * The SOS licenses that a device may have had in a family of accounts: under its serial number as it is
 * compared, and those from before that are compared one by one (`isOf`).
 */
export const findUsedSerials = (db: Db, familyId: string, serial: string) =>
  db
    .select()
    .from(sosSerial)
    .where(
      and(eq(sosSerial.familyId, familyId), or(eq(sosSerial.serial, serial), lt(sosSerial.serial, "!"))),
    );

export const isSameSerial = (used: typeof sosSerial.$inferSelect, serial: string): boolean =>
  (used.serial.startsWith(RAW_PREFIX) ? canonicalSerial(used.serial) : used.serial) === serial;

export const insertUsedSerial = (db: Db, row: typeof sosSerial.$inferSelect): Statement =>
  db.insert(sosSerial).values(row);

/** The SOS license that a key has had: it stands under the key's id. */
export const findSosLicenseOf = (db: Db, accountId: string, keyId: string) =>
  db
    .select({ id: resource.id })
    .from(resource)
    .where(
      and(eq(resource.accountId, accountId), eq(resource.type, "sos_license"), eq(resource.uniqueKey, keyId)),
    );

export const findSosBlock = (db: Db, accountId: string) =>
  db.select().from(sosBlock).where(eq(sosBlock.accountId, accountId));

export const insertSosBlock = (db: Db, row: SosBlockRow): Statement => db.insert(sosBlock).values(row);

/** Fails the batch when the dealer was blocked meanwhile. */
export const guardNoSosBlock = (db: Db, accountId: string): Statement =>
  guard(db, "changed", sql`NOT EXISTS (SELECT 1 FROM sos_block WHERE account_id = ${accountId})`);

/** Clears the block that was read, and no later one. */
export const clearSosBlock = (db: Db, { accountId, createdAt }: SosBlockRow): Statement[] => [
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM sos_block WHERE account_id = ${accountId} AND created_at = ${createdAt})`,
  ),
  db.delete(sosBlock).where(eq(sosBlock.accountId, accountId)),
];
