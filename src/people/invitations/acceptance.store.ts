import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { unrevokedKeysOf } from "../../gate/credentials/claim.store.ts";
import { accountColumns } from "../../gate/credentials/account.store.ts";
import {
  accessColumns,
  customRolesOf,
  grantsOf,
  signInAddressOf,
} from "../../gate/credentials/member.store.ts";
import { columnsBeside } from "../../gate/principals/principal.store.ts";
import { type Db, type Expression, guard, type Statement } from "../../kernel/db.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { account, member, user } from "../../kernel/schema/team.ts";
import { endInvitation } from "./invitation.store.ts";

/**
 * Columns of the unique key, as a failed write names them: the account has a member for this person already.
 */
export const MEMBER_USER_COLUMNS = "member.account_id, member.user_id";

const inviter = alias(member, "inviter");
const inviterAccount = alias(account, "inviterAccount");

/** The inviter as a principal who acts on the account of the invitation. */
const {
  grants: inviterGrants,
  customRoles: inviterRoles,
  ...besideInviter
} = columnsBeside(inviter, inviterAccount, account);

/** The person whose address it is, as far as there is one. */
export const userIdOf = (email: string): Expression => sql`(SELECT id FROM user WHERE email = ${email})`;

const selectPendingInvitations = (db: Db, where: SQL | undefined) =>
  db
    .select({
      invitation,
      member: {
        ...accessColumns(member),
        firstName: member.firstName,
        lastName: member.lastName,
        emailVerifiedAt: member.emailVerifiedAt,
        signIn: signInAddressOf(member),
      },
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
      account: accountColumns(account),
      inviter: {
        ...accessColumns(inviter),
        emailVerifiedAt: inviter.emailVerifiedAt,
        signIn: signInAddressOf(inviter),
        notifications: inviter.notifications,
      },
      inviterAccount: accountColumns(inviterAccount),
      inviterGrants,
      inviterRoles,
      ...besideInviter,
      keys: unrevokedKeysOf(member.id).as("standing_keys"),
      userId: sql<string | null>`(SELECT u.id FROM user u WHERE u.email = ${invitation.email})`.as(
        "user_id_of_address",
      ),
      // Another member of the account is this person already: the address on a card is free text.
      taken: sql<number>`EXISTS (SELECT 1 FROM member o JOIN user u ON u.id = o.user_id
        WHERE o.account_id = ${invitation.accountId} AND u.email = ${invitation.email}
          AND o.id <> ${member.id})`.as("taken"),
    })
    .from(invitation)
    .innerJoin(account, eq(account.id, invitation.accountId))
    .leftJoin(member, and(eq(member.id, invitation.memberId), eq(member.accountId, invitation.accountId)))
    .leftJoin(inviter, eq(inviter.id, invitation.invitedBy))
    .leftJoin(inviterAccount, eq(inviterAccount.id, inviter.accountId))
    .where(and(eq(invitation.kind, "email"), where));

/**
 * An invitation by the SHA-256 of the token of its last mail, with everything that decides whether it may be
 * accepted: the member, the account, and the inviter with their access. Not for a batch of D1, as are all
 * that join.
 */
export const findInvitationByToken = (db: Db, tokenHash: string) =>
  selectPendingInvitations(db, eq(invitation.tokenHash, tokenHash));

/**
 * The invitations that wait for the reader of this address, in any account, oldest first: expired ones too.
 */
export const findInvitationsByVerifiedEmail = (db: Db, email: string) =>
  selectPendingInvitations(db, and(eq(invitation.email, email), eq(invitation.status, "pending"))).orderBy(
    asc(invitation.id),
  );

export type PendingInvitation = Awaited<ReturnType<typeof findInvitationByToken>>[number];
/** An invitation that has a member. */
export type ValidInvitation = PendingInvitation & {
  readonly member: NonNullable<PendingInvitation["member"]>;
};

/** The names of a member from the acceptance on. */
export type MemberNames = Pick<typeof member.$inferSelect, "firstName" | "lastName" | "username">;

/**
 * The person, the member who is that person from now on, and the end of the invitation. Two acceptances meet
 * at the guard `invitation_changed`, and so does one with a resend, a revocation, or a change of the member
 * or the account.
 * @param now milliseconds since the epoch
 */
export const acceptanceStatements = (
  db: Db,
  { invitation: row, member: memberRow, account: accountRow }: ValidInvitation,
  newUser: typeof user.$inferInsert,
  names: MemberNames,
  now: number,
): Statement[] => [
  guard(
    db,
    "invitation_changed",
    sql`EXISTS (SELECT 1 FROM invitation i
    JOIN member m ON m.id = i.member_id AND m.account_id = i.account_id
    JOIN account a ON a.id = i.account_id
    WHERE i.id = ${row.id} AND i.status = 'pending' AND i.token_hash IS ${row.tokenHash}
      AND i.expires_at > ${now}
      AND m.id = ${memberRow.id} AND m.version = ${memberRow.version}
      AND m.status <> 'blocked' AND m.email = i.email
      AND a.version = ${accountRow.version})`,
  ),
  upsertUser(db, newUser, now),
  db
    .update(member)
    .set({
      username: names.username,
      usernameFolded: foldForSearch(names.username),
      firstName: names.firstName,
      lastName: names.lastName,
      userId: userIdOf(newUser.email),
      emailVerifiedAt: sql`COALESCE(${member.emailVerifiedAt}, ${now})`,
      signInSince: now,
      acceptedAt: sql`COALESCE(${member.acceptedAt}, ${now})`,
      updatedAt: now,
      version: sql`${member.version} + 1`,
    })
    .where(eq(member.id, memberRow.id)),
  endInvitation(db, row, { status: "accepted", acceptedAt: now, updatedAt: now }),
];

/**
 * The person with this address, who has just shown that they read its mail. @param now milliseconds since the
 * epoch
 */
export const upsertUser = (db: Db, person: typeof user.$inferInsert, now: number): Statement =>
  db
    .insert(user)
    .values(person)
    .onConflictDoUpdate({
      target: user.email,
      set: { emailVerifiedAt: sql`COALESCE(${user.emailVerifiedAt}, ${now})` },
    });
