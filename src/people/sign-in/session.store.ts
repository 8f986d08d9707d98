import { isSessionMember } from "../../gate/credentials/session.store.ts";
import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { Origin } from "../../audit/chain/event.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import { accessColumns } from "../../gate/credentials/member.store.ts";
import { type Db, type Expression, guard, type Statement } from "../../kernel/db.ts";
import { session } from "../../kernel/schema/identity.ts";
import { account, member, user } from "../../kernel/schema/team.ts";

export type SessionRow = typeof session.$inferSelect;

/** @param userId may be known in the batch only */
export const insertSession = (
  db: Db,
  { userId, ...row }: Omit<SessionRow, "userId"> & { readonly userId: string | Expression },
): Statement => db.insert(session).values({ ...row, userId: sql`${userId}` });

/**
 * The first sign-in makes a new member active; later ones change nothing that any decision asks for, so the
 * version stays.
 */
export const activateOnFirstSignIn = (
  db: Db,
  { id, status }: { readonly id: string; readonly status: string },
  at: number,
): Statement =>
  status === "new"
    ? db
        .update(member)
        .set({
          status: "active",
          acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`,
          lastLoginAt: at,
          updatedAt: at,
          version: sql`${member.version} + 1`,
        })
        .where(and(eq(member.id, id), eq(member.status, "new")))
    : db.update(member).set({ lastLoginAt: at }).where(eq(member.id, id));

const ACCOUNT_COLUMNS = {
  id: account.id,
  name: account.name,
  kind: account.kind,
  allowedIps: account.allowedIps,
  version: account.version,
  restoredAt: account.restoredAt,
};

/** Where the person of this address is a member, blocked or not, the oldest first. */
export const findMemberships = (db: Db, email: string) =>
  db
    .select({ member: accessColumns(member), account: ACCOUNT_COLUMNS, userId: user.id })
    .from(user)
    .innerJoin(member, eq(member.userId, user.id))
    .innerJoin(account, eq(account.id, member.accountId))
    .where(eq(user.email, email))
    .orderBy(asc(member.id));

export type Membership = Awaited<ReturnType<typeof findMemberships>>[number];

/**
 * Fails under "changed" unless the member is the one that was loaded, so that a block or a rule made
 * meanwhile holds.
 */
export const guardMembership = (
  db: Db,
  { member: memberRow, account: accountRow, userId }: Membership,
): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM member m JOIN account a ON a.id = m.account_id JOIN user u ON u.id = m.user_id
    WHERE m.id = ${memberRow.id} AND m.version = ${memberRow.version} AND u.id = ${userId}
      AND a.id = ${accountRow.id} AND a.version = ${accountRow.version})`,
  );

/** A session with its member and account; none when the member is no longer the person who signed in. */
export const findSession = (db: Db, id: string) =>
  db
    .select({ session, member: accessColumns(member), account: ACCOUNT_COLUMNS })
    .from(session)
    .innerJoin(member, isSessionMember)
    .innerJoin(account, eq(account.id, member.accountId))
    .where(eq(session.id, id));

export type LoadedSession = Awaited<ReturnType<typeof findSession>>[number];

/**
 * Fails under "changed" when another refresh was faster, or the session, the member or the account is no
 * longer as it was loaded.
 */
export const guardSession = (
  db: Db,
  { session: row, member: memberRow, account: accountRow }: LoadedSession,
): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM session s
    JOIN member m ON m.id = s.member_id JOIN account a ON a.id = s.account_id
    WHERE s.id = ${row.id} AND s.rotations = ${row.rotations} AND s.ended_at IS NULL
      AND m.version = ${memberRow.version} AND a.version = ${accountRow.version})`,
  );

/** The next rotation, under the same guard. @param from where the refresh came from */
export const rotateSession = (
  db: Db,
  found: LoadedSession,
  expiresAt: number,
  now: number,
  from: Pick<Origin, "ip" | "userAgent">,
): Statement[] => [
  guardSession(db, found),
  db
    .update(session)
    .set({
      rotations: found.session.rotations + 1,
      expiresAt,
      refreshedAt: now,
      refreshedIp: from.ip,
      refreshedUserAgent: from.userAgent,
    })
    .where(eq(session.id, found.session.id)),
];

/**
 * Ends a session once; its access tokens are refused from the next call on. Fails under "changed" when it has
 * ended already.
 */
export const endSession = (
  db: Db,
  { id, accountId, memberId }: Pick<SessionRow, "id" | "accountId" | "memberId">,
  at: number,
): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM session WHERE id = ${id} AND ended_at IS NULL)`),
  db
    .update(session)
    .set({ endedAt: at })
    .where(and(eq(session.id, id), isNull(session.endedAt))),
  bumpMember(db, accountId, memberId, at),
];
