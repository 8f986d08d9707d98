import { and, eq, isNull, ne, sql } from "drizzle-orm";
import { member } from "../../kernel/schema/team.ts";
import type { Db, Statement } from "../../kernel/db.ts";
import { session } from "../../kernel/schema/identity.ts";

/**
 * Ends every session of a member, or all but one. Their access tokens are refused as soon as the member's
 * version has moved, which belongs in the same batch. @param except a session that goes on, or null @param at
 * milliseconds since the epoch
 */
export const endSessionsOf = (db: Db, memberId: string, except: string | null, at: number): Statement =>
  db
    .update(session)
    .set({ endedAt: at })
    .where(and(eq(session.memberId, memberId), isNull(session.endedAt), ne(session.id, except ?? "")));

/** Whether a member has a session that lives. */
export const countSessions = (db: Db, memberId: string, except: string | null, at: number) =>
  db
    .select({ count: sql<number>`COUNT(*)`.as("sessions") })
    .from(session)
    .where(
      and(
        eq(session.memberId, memberId),
        isNull(session.endedAt),
        sql`${session.expiresAt} > ${at}`,
        ne(session.id, except ?? ""),
      ),
    );

/** The member of a session, as long as that member is the person who signed in. */
export const isSessionMember = and(
  eq(member.id, session.memberId),
  eq(member.accountId, session.accountId),
  eq(member.userId, session.userId),
);
