import { and, eq, sql } from "drizzle-orm";
import { type Db, guard, type GuardName, type Statement } from "../kernel/db.ts";
import { tally } from "../schema/identity.ts";

/** One more, and how many that makes. A window is known by its end, in milliseconds since the epoch. */
export const count = (db: Db, subject: string, window: number) =>
  db.insert(tally).values({ subject, window, count: 1 })
    .onConflictDoUpdate({ target: [tally.subject, tally.window], set: { count: sql`${tally.count} + 1` } }).returning({ count: tally.count });

/** Fails the batch under `name` when more than `quota` were counted. */
export const guardCount = (db: Db, name: GuardName, subject: string, window: number, quota: number): Statement =>
  guard(db, name, sql`(SELECT count FROM tally WHERE subject = ${subject} AND window = ${window}) <= ${quota}`);

export const uncount = (db: Db, subject: string, window: number): Statement =>
  db.update(tally).set({ count: sql`MAX(${tally.count} - 1, 0)` }).where(and(eq(tally.subject, subject), eq(tally.window, window)));
