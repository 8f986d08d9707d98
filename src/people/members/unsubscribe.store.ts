import { eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { member } from "../../kernel/schema/team.ts";

/** A member of any account, by the id that a mailed token begins with. */
export const findSubscriber = (db: Db, id: string) =>
  db
    .select({
      id: member.id,
      accountId: member.accountId,
      login: member.login,
      username: member.username,
      email: member.email,
      notifications: member.notifications,
      version: member.version,
    })
    .from(member)
    .where(eq(member.id, id));

export type Subscriber = Awaited<ReturnType<typeof findSubscriber>>[number];

/**
 * Part of the card, so its version goes on. Fails under "changed" when the card changed meanwhile. @param at
 * milliseconds since the epoch
 */
export const unsubscribe = (db: Db, { id, version }: Subscriber, at: number): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM member WHERE id = ${id} AND version = ${version})`),
  db
    .update(member)
    .set({
      notifications: sql`json_set(${member.notifications}, '$.unsubscribed', json('true'))`,
      updatedAt: at,
      version: sql`${member.version} + 1`,
    })
    .where(eq(member.id, id)),
];
