import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { signInAddressOf } from "../../gate/credentials/member.store.ts";
import type { Db, Statement } from "../../kernel/db.ts";
import { guard } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { account, member, type user } from "../../kernel/schema/team.ts";
import type { MemberRow } from "../members/member.card.ts";
import { insertMember } from "../members/member.store.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { upsertUser, userIdOf } from "./acceptance.store.ts";

const inviter = alias(member, "inviter");

/**
 * A link by the SHA-256 of its token, with its account and its maker. Not for a batch of D1, as are all
 * that join.
 */
export const findLink = (db: Db, tokenHash: string) =>
  db
    .select({
      link: invitation,
      account,
      inviter: {
        memberId: inviter.id,
        email: inviter.email,
        emailVerifiedAt: inviter.emailVerifiedAt,
        signIn: signInAddressOf(inviter),
        status: inviter.status,
        roles: inviter.roles,
        version: inviter.version,
        language: inviter.language,
        notifications: inviter.notifications,
      },
    })
    .from(invitation)
    .innerJoin(account, eq(account.id, invitation.accountId))
    .leftJoin(inviter, eq(inviter.id, invitation.invitedBy))
    .where(and(eq(invitation.kind, "link"), eq(invitation.tokenHash, tokenHash)));

export type LinkWithAccount = Awaited<ReturnType<typeof findLink>>[number];

/** Whether the account has a member with this address, or one who is the person with it. */
export const findMemberByEmailOrPerson = (db: Db, accountId: string, email: string) =>
  db
    .select({ id: member.id })
    .from(member)
    .where(
      and(
        eq(member.accountId, accountId),
        sql`(${member.email} = ${email} OR ${member.userId} = ${userIdOf(email)})`,
      ),
    )
    .limit(1);

/**
 * One more use of a link, and the member who joined by it. Joins at the same time never exceed the number of
 * uses, because they meet at the guard `invitation_changed`.
 * @param now milliseconds since the epoch
 */
export const joinStatements = (
  db: Db,
  permit: Permit,
  { link, account: accountRow, inviter: maker }: LinkWithAccount,
  row: MemberRow,
  person: typeof user.$inferInsert,
  hasLoginNumbers: boolean,
  now: number,
): Statement[] => [
  guard(
    db,
    "invitation_changed",
    sql`EXISTS (SELECT 1 FROM invitation i JOIN account a ON a.id = i.account_id
    WHERE i.id = ${link.id} AND i.status = 'pending' AND (i.max_uses IS NULL OR i.uses < i.max_uses)
      AND i.expires_at > ${now} AND a.version = ${accountRow.version}
      AND EXISTS (SELECT 1 FROM member maker
        WHERE maker.id = i.invited_by AND maker.version = ${maker?.version ?? 0}))`,
  ),
  db
    .update(invitation)
    .set({ uses: sql`${invitation.uses} + 1`, updatedAt: now })
    .where(eq(invitation.id, link.id)),
  upsertUser(db, person, now),
  ...insertMember(db, permit, row, [], hasLoginNumbers),
  db
    .update(member)
    .set({ userId: userIdOf(person.email), signInSince: now })
    .where(eq(member.id, row.id)),
];
