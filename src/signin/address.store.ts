import { and, eq, isNull, sql } from "drizzle-orm";
import { endSessionsOfPerson } from "../identity/session.store.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { invitation } from "../schema/invitation.ts";
import { member, user } from "../schema/team.ts";
import { rememberNames } from "../team/former.store.ts";
import { userIdOf } from "../invitations/acceptance.store.ts";

/** Columns of the unique key, as a failed write names them: somebody else signs in with this address. */
export const USER_EMAIL = "user.email";

interface Place {
  readonly id: string;
  readonly accountId: string;
  readonly username: string;
  readonly email: string;
}

/** The person who signs in as this member, with all that they are a member of. No row: nobody signs in as it yet. */
export const findPerson = (db: Db, accountId: string, memberId: string) =>
  db.select({
    id: user.id, email: user.email, emailVerifiedAt: user.emailVerifiedAt,
    members: sql`(SELECT json_group_array(json_object('id', m.id, 'accountId', m.account_id, 'username', m.username, 'email', m.email)) FROM member m WHERE m.user_id = ${user.id})`
      .mapWith((json: string) => JSON.parse(json) as Place[]).as("members"),
  }).from(member).innerJoin(user, eq(user.id, member.userId)).where(and(eq(member.accountId, accountId), eq(member.id, memberId)));

export type Person = Awaited<ReturnType<typeof findPerson>>[number];

/**
 * Whoever had got into one of the person's sessions is out: only the one that made the change goes on. Fails under "changed" when the address
 * has changed meanwhile, and on `USER_EMAIL`. @param at milliseconds since the epoch
 */
export const changeAddress = (db: Db, { id, email, members }: Person, to: string, sessionId: string | null, at: number): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM user WHERE id = ${id} AND email = ${email})`),
  db.update(user).set({ email: to, emailVerifiedAt: at }).where(eq(user.id, id)),
  ...members.map((one) => rememberNames(db, one.accountId, one.id, [{ email, externalId: null }], at)),
  ...endSessionsOfPerson(db, id, sessionId, at),
];

/** The person of this address, new or not, is the member from now on; no invitation has to wait for that any more. */
export const linkPerson = (db: Db, { memberId, accountId }: { memberId: string; accountId: string }, person: typeof user.$inferInsert, at: number): Statement[] => [
  db.insert(user).values(person).onConflictDoUpdate({ target: user.email, set: { emailVerifiedAt: sql`COALESCE(${user.emailVerifiedAt}, ${at})` } }),
  db.update(member).set({ userId: userIdOf(person.email), acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`, version: sql`${member.version} + 1` })
    .where(and(eq(member.id, memberId), eq(member.accountId, accountId), isNull(member.userId))),
  db.update(invitation).set({ status: "accepted", acceptedAt: at, updatedAt: at }).where(and(eq(invitation.memberId, memberId), eq(invitation.status, "pending"))),
];
