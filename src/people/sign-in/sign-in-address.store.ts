import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { UnrevokedKey } from "../../gate/credentials/claim.ts";
import { unrevokedKeysOf } from "../../gate/credentials/claim.store.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { member, user } from "../../kernel/schema/team.ts";
import { rememberIdentifiers } from "../members/blocklist.store.ts";
import { userIdOf } from "../invitations/acceptance.store.ts";

/** Columns of the unique key, as a failed write names them: another person signs in with this address. */
export const USER_EMAIL_COLUMNS = "user.email";

interface PersonMembership {
  readonly id: string;
  readonly accountId: string;
  readonly login: string | null;
  readonly username: string;
  readonly email: string;
  readonly keys: readonly UnrevokedKey[];
}

export const findUser = (db: Db, email: string) =>
  db.select({ id: user.id }).from(user).where(eq(user.email, email));

/**
 * Is the one member the other, or did the other open a way in for the one, directly or through members
 * between them? Then a thief with the other's key could act through the one.
 */
const isSelfOrOpenedBy = (one: SQL, other: SQL) =>
  sql<number>`EXISTS (
  WITH RECURSIVE above (id) AS (
    SELECT ${one} UNION SELECT o.opened_by FROM above a JOIN opener o ON o.member_id = a.id)
  SELECT 1 FROM above WHERE above.id = ${other})`.mapWith(Boolean);

/** Would the second speak through the first? */
export const selectIsSelfOrOpenedBy = (db: Db, oneId: string, otherId: string) =>
  db
    .select({ answer: isSelfOrOpenedBy(sql`${oneId}`, sql`member.id`).as("answer") })
    .from(member)
    .where(eq(member.id, otherId));

/** The member wrote the address on the card last, or speaks through who did. */
const isOwnChange = isSelfOrOpenedBy(sql`member.email_by`, sql`member.id`);

/** What decides whether a key may link an address: the card's, and who changed it last. */
export const findCardAddress = (db: Db, accountId: string, memberId: string) =>
  db
    .select({
      email: member.email,
      isOwn: isOwnChange.as("is_own"),
      keys: unrevokedKeysOf(sql`member.id`).as("standing_keys"),
    })
    .from(member)
    .where(and(eq(member.accountId, accountId), eq(member.id, memberId)));

export type CardAddress = Awaited<ReturnType<typeof findCardAddress>>[number];

/**
 * The person who signs in as this member, with all that they are a member of. No row: no
 * person signs in as it yet.
 */
export const findPerson = (db: Db, accountId: string, memberId: string) =>
  db
    .select({
      id: user.id,
      email: user.email,
      emailVerifiedAt: user.emailVerifiedAt,
      members:
        sql`(SELECT json_group_array(json_object('id', m.id, 'accountId', m.account_id, 'login', m.login,
      'username', m.username, 'email', m.email, 'keys', json(${unrevokedKeysOf(sql`m.id`)})))
      FROM member m WHERE m.user_id = ${user.id})`
          .mapWith((json: string) => JSON.parse(json) as PersonMembership[])
          .as("members"),
    })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(member.accountId, accountId), eq(member.id, memberId)));

export type Person = Awaited<ReturnType<typeof findPerson>>[number];

/**
 * Fails under "changed" when the address has changed meanwhile, and on `USER_EMAIL`. @param at milliseconds
 * since the epoch
 */
export const updateSignInAddress = (
  db: Db,
  { id, email, members }: Person,
  newEmail: string,
  at: number,
): Statement[] => [
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM user WHERE id = ${id} AND email = ${email})`),
  db.update(user).set({ email: newEmail, emailVerifiedAt: at }).where(eq(user.id, id)),
  ...members.map((one) => rememberIdentifiers(db, one.accountId, one.id, [{ email, externalId: null }], at)),
  db
    .update(member)
    .set({ signInSince: at, updatedAt: at, version: sql`${member.version} + 1` })
    .where(eq(member.userId, id)),
];

/**
 * The person of this address, new or not, is the member from now on; no invitation has to wait for that any
 * more.
 */
export const linkPerson = (
  db: Db,
  { memberId, accountId }: { memberId: string; accountId: string },
  person: typeof user.$inferInsert,
  at: number,
): Statement[] => [
  db
    .insert(user)
    .values(person)
    .onConflictDoUpdate({
      target: user.email,
      set: { emailVerifiedAt: sql`COALESCE(${user.emailVerifiedAt}, ${at})` },
    }),
  db
    .update(member)
    .set({
      userId: userIdOf(person.email),
      signInSince: at,
      acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`,
      version: sql`${member.version} + 1`,
    })
    .where(and(eq(member.id, memberId), eq(member.accountId, accountId), isNull(member.userId))),
  db
    .update(invitation)
    .set({ status: "accepted", acceptedAt: at, updatedAt: at })
    .where(and(eq(invitation.memberId, memberId), eq(invitation.status, "pending"))),
];

/** @param at milliseconds since the epoch */
export const unlinkPerson = (
  db: Db,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  at: number,
): Statement =>
  db
    .update(member)
    .set({ userId: null, signInSince: null, updatedAt: at, version: sql`${member.version} + 1` })
    .where(and(eq(member.id, id), eq(member.accountId, accountId)));
