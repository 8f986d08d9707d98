import { and, eq, sql } from "drizzle-orm";
import { type Db, type Expression, guard, type Statement } from "../../kernel/db.ts";
import { idempotency } from "../../kernel/schema/identity.ts";

/**
 * Columns of the unique key, as a failed insert names them: two calls at once meet here and the second
 * replays.
 */
export const IDEMPOTENCY_KEY_COLUMNS = "idempotency.principal, idempotency.key";

export const findRecord = (db: Db, principal: string, key: string) =>
  db
    .select()
    .from(idempotency)
    .where(and(eq(idempotency.principal, principal), eq(idempotency.key, key)));

/** The records of many changes of one call. */
export const findRecords = (db: Db, principal: string, keys: readonly string[]) =>
  db
    .select()
    .from(idempotency)
    .where(
      and(
        eq(idempotency.principal, principal),
        sql`${idempotency.key} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`,
      ),
    );

/**
 * Belongs in the batch of the effect, so that there is no state "in progress" that a crash could leave
 * behind.
 */
export const insertRecord = (db: Db, record: typeof idempotency.$inferInsert): Statement =>
  db.insert(idempotency).values(record);

/**
 * For a command that keeps its own record elsewhere. Fails under "changed" when another route has used the
 * key.
 */
export const claimIdempotencyKey = (db: Db, record: typeof idempotency.$inferInsert): Statement[] => [
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM idempotency
    WHERE principal = ${record.principal} AND key = ${record.key} AND fingerprint <> ${record.fingerprint})`,
  ),
  db.insert(idempotency).values(record).onConflictDoNothing(),
];

/** Writes the value that the batch generated into the record. */
export const completeRecord = (
  db: Db,
  principal: string,
  key: string,
  field: string,
  value: Expression,
): Statement =>
  db
    .update(idempotency)
    .set({ body: sql`json_set(${idempotency.body}, ${`$.${field}`}, ${value})` })
    .where(and(eq(idempotency.principal, principal), eq(idempotency.key, key)));
