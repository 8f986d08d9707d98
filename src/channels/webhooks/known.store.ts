import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../../gate/credentials/member.store.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { member } from "../../kernel/schema/team.ts";
import type { PersonIdentifiers } from "../../people/members/blocklist.store.ts";

const NOBODY = "";

/** Members who have this address on the card, sign in with it, or have this id. */
const isNow = ({ email, externalId }: PersonIdentifiers): SQL<number> =>
  sql`(member.email = ${email ?? NOBODY} OR member.external_id = ${externalId ?? NOBODY}
    OR member.user_id = (SELECT u.id FROM user u WHERE u.email = ${email ?? NOBODY}))`;

/** Those, and members who were invited at this address. */
const goesBy = (accountId: string, whom: PersonIdentifiers): SQL => sql`(${isNow(whom)} OR member.id IN (
  SELECT i.member_id FROM invitation i
  WHERE i.account_id = ${accountId} AND i.email = ${whom.email ?? NOBODY} AND i.status <> 'revoked'))`;

/**
 * Members of the account who go by this address or this id; `current` is false where only an invitation says
 * so.
 */
export const findMembers = (db: Db, accountId: string, whom: PersonIdentifiers) =>
  db
    .select({
      row: member,
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
      current: isNow(whom).as("is_current"),
    })
    .from(member)
    .where(and(eq(member.accountId, accountId), goesBy(accountId, whom)));

/** Fails the batch when a member with this address or id has joined since the question. */
export const guardNobody = (db: Db, accountId: string, whom: PersonIdentifiers): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND ${goesBy(accountId, whom)})`,
  );

/** Fails the batch when a member with this address or id was blocked since the question. */
export const guardNobodyBlocked = (db: Db, accountId: string, whom: PersonIdentifiers): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND status = 'blocked'
      AND ${goesBy(accountId, whom)})`,
  );

/** Whether a member took back an invitation to this address or id. */
export const findRevoked = (db: Db, accountId: string, { email, externalId }: PersonIdentifiers) =>
  db
    .select({ id: invitation.id })
    .from(invitation)
    .where(
      and(
        eq(invitation.accountId, accountId),
        eq(invitation.status, "revoked"),
        or(eq(invitation.email, email ?? NOBODY), eq(invitation.externalId, externalId ?? NOBODY)),
      ),
    )
    .limit(1);
