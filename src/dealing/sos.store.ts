import { and, eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { resource, sosBlock } from "../schema/resource.ts";

export type SosBlockRow = typeof sosBlock.$inferSelect;

/** The primary key's column, as a failed insert names it: somebody else has blocked the dealer a moment ago. */
export const SOS_BLOCK_KEY = "sos_block.account_id";

/** The SOS license that a key has had: it stands under the key's id. */
export const findSosOf = (db: Db, accountId: string, keyId: string) =>
  db.select({ id: resource.id }).from(resource).where(and(eq(resource.accountId, accountId), eq(resource.type, "sos_license"), eq(resource.uniqueKey, keyId)));

export const findSosBlock = (db: Db, accountId: string) => db.select().from(sosBlock).where(eq(sosBlock.accountId, accountId));

export const insertSosBlock = (db: Db, row: SosBlockRow): Statement => db.insert(sosBlock).values(row);

/** Fails the batch when the dealer was blocked meanwhile. */
export const guardNoSosBlock = (db: Db, accountId: string): Statement =>
  guard(db, "changed", sql`NOT EXISTS (SELECT 1 FROM sos_block WHERE account_id = ${accountId})`);

/** Clears the block that was read, and no later one. */
export const clearSosBlock = (db: Db, { accountId, createdAt }: SosBlockRow): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM sos_block WHERE account_id = ${accountId} AND created_at = ${createdAt})`),
  db.delete(sosBlock).where(eq(sosBlock.accountId, accountId)),
];
