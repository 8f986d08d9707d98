import { and, eq, sql } from "drizzle-orm";
import { type Db, type Expression, guard, type GuardName, type Statement } from "../../kernel/db.ts";
import { tally } from "../../kernel/schema/identity.ts";

/** Counts one more and returns the count. A window is named by its end, in milliseconds since the epoch. */
export const incrementCounter = (db: Db, subject: string, window: number) =>
  db
    .insert(tally)
    .values({ subject, window, count: 1 })
    .onConflictDoUpdate({ target: [tally.subject, tally.window], set: { count: sql`${tally.count} + 1` } })
    .returning({ count: tally.count });

/** Fails the batch under `name` when more than `quota` were counted. */
export const guardCounter = (
  db: Db,
  name: GuardName,
  subject: string,
  window: number,
  quota: number | Expression,
): Statement =>
  guard(
    db,
    name,
    sql`(SELECT count FROM tally WHERE subject = ${subject} AND window = ${window}) <= ${quota}`,
  );

/** Counts one more, where the condition holds in the batch. */
export const incrementCounterIf = (
  db: Db,
  subject: string,
  window: number,
  condition: Expression,
): Statement =>
  db.run(sql`INSERT INTO tally (subject, window, count) SELECT ${subject}, ${window}, 1 WHERE ${condition}
    ON CONFLICT (subject, window) DO UPDATE SET count = count + 1`);

/** Whether one more would be over the quota, for a statement of the batch. */
export const isQuotaUsedUp = (subject: string, window: number, quota: number | Expression): Expression =>
  sql`coalesce((SELECT count FROM tally WHERE subject = ${subject} AND window = ${window}), 0) >= ${quota}`;

export const decrementCounter = (db: Db, subject: string, window: number): Statement =>
  db
    .update(tally)
    .set({ count: sql`MAX(${tally.count} - 1, 0)` })
    .where(and(eq(tally.subject, subject), eq(tally.window, window)));
