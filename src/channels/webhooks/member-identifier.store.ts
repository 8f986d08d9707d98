import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../../gate/credentials/member.store.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { member } from "../../kernel/schema/team.ts";
import type { PersonIdentifiers } from "../../people/members/blocklist.store.ts";

const NO_MATCH = "";

/** Members who have this address on the card, sign in with it, or have this id. */
const isCurrentMember = ({ email, externalId }: PersonIdentifiers): SQL<number> =>
  sql`(member.email = ${email ?? NO_MATCH} OR member.external_id = ${externalId ?? NO_MATCH}
    OR member.user_id = (SELECT u.id FROM user u WHERE u.email = ${email ?? NO_MATCH}))`;

/** Those, and members who were invited at this address. */
const matchesIdentifiers = (
  accountId: string,
  identifiers: PersonIdentifiers,
): SQL => sql`(${isCurrentMember(identifiers)} OR member.id IN (
  SELECT i.member_id FROM invitation i
  WHERE i.account_id = ${accountId} AND i.email = ${identifiers.email ?? NO_MATCH} AND i.status <> 'revoked'))`;

/**
 * Members of the account who go by this address or this id; `current` is false where only an invitation says
 * so.
 */
export const findMembersByIdentifiers = (db: Db, accountId: string, identifiers: PersonIdentifiers) =>
  db
    .select({
      row: member,
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
      current: isCurrentMember(identifiers).as("is_current"),
    })
    .from(member)
    .where(and(eq(member.accountId, accountId), matchesIdentifiers(accountId, identifiers)));

/** Fails the batch when a member with this address or id has joined since the question. */
export const guardNoMember = (db: Db, accountId: string, identifiers: PersonIdentifiers): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND ${matchesIdentifiers(accountId, identifiers)})`,
  );

/** Fails the batch when a member with this address or id was blocked since the question. */
export const guardNoBlockedMember = (db: Db, accountId: string, identifiers: PersonIdentifiers): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND status = 'blocked'
      AND ${matchesIdentifiers(accountId, identifiers)})`,
  );

/** Whether a member took back an invitation to this address or id. */
export const findRevokedInvitation = (db: Db, accountId: string, { email, externalId }: PersonIdentifiers) =>
  db
    .select({ id: invitation.id })
    .from(invitation)
    .where(
      and(
        eq(invitation.accountId, accountId),
        eq(invitation.status, "revoked"),
        or(eq(invitation.email, email ?? NO_MATCH), eq(invitation.externalId, externalId ?? NO_MATCH)),
      ),
    )
    .limit(1);
