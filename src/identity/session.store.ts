import { and, eq, isNull, ne, sql } from "drizzle-orm";
import type { Db, Statement } from "../kernel/db.ts";
import { session } from "../schema/identity.ts";
import { member } from "../schema/team.ts";

/**
 * Ends every session of a member, or all but one. Their access tokens are refused as soon as the member's version has moved, which belongs in
 * the same batch. @param except a session that goes on, or null @param at milliseconds since the epoch
 */
export const endSessionsOf = (db: Db, memberId: string, except: string | null, at: number): Statement =>
  db.update(session).set({ endedAt: at }).where(and(eq(session.memberId, memberId), isNull(session.endedAt), ne(session.id, except ?? "")));

/** The same for a person, in every account: the members' versions move with it. */
export const endSessionsOfPerson = (db: Db, userId: string, except: string | null, at: number): Statement[] => [
  db.update(session).set({ endedAt: at }).where(and(
    sql`${session.memberId} IN (SELECT id FROM member WHERE user_id = ${userId})`, isNull(session.endedAt), ne(session.id, except ?? ""),
  )),
  db.update(member).set({ version: sql`${member.version} + 1`, updatedAt: at }).where(eq(member.userId, userId)),
];

/** Whether a member has a session that lives. */
export const countSessions = (db: Db, memberId: string, except: string | null, at: number) =>
  db.select({ count: sql<number>`COUNT(*)`.as("sessions") }).from(session)
    .where(and(eq(session.memberId, memberId), isNull(session.endedAt), sql`${session.expiresAt} > ${at}`, ne(session.id, except ?? "")));
