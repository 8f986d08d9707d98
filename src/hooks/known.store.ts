import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../identity/member.store.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { invitation } from "../schema/invitation.ts";
import { member } from "../schema/team.ts";
import type { Whom } from "../team/former.store.ts";

const NOBODY = "";

/** Whoever has this address on the card or signs in with it, or has this id. */
const isNow = ({ email, externalId }: Whom): SQL<number> =>
  sql`(member.email = ${email ?? NOBODY} OR member.external_id = ${externalId ?? NOBODY}
    OR member.user_id = (SELECT u.id FROM user u WHERE u.email = ${email ?? NOBODY}))`;

/** Those and whoever was invited at this address. */
const goesBy = (accountId: string, whom: Whom): SQL => sql`(${isNow(whom)} OR member.id IN (
  SELECT i.member_id FROM invitation i
  WHERE i.account_id = ${accountId} AND i.email = ${whom.email ?? NOBODY} AND i.status <> 'revoked'))`;

/**
 * Members of the account who go by this address or this id; `current` is false where only an invitation says
 * so.
 */
export const findMembers = (db: Db, accountId: string, whom: Whom) =>
  db
    .select({
      row: member,
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
      current: isNow(whom).as("is_current"),
    })
    .from(member)
    .where(and(eq(member.accountId, accountId), goesBy(accountId, whom)));

/** Fails the batch when somebody came in since it was asked. */
export const guardNobody = (db: Db, accountId: string, whom: Whom): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND ${goesBy(accountId, whom)})`,
  );

/** Fails the batch when somebody who goes by that was blocked since it was asked. */
export const guardNobodyBlocked = (db: Db, accountId: string, whom: Whom): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND status = 'blocked'
      AND ${goesBy(accountId, whom)})`,
  );

/** Whether somebody took an invitation of theirs back. */
export const findRevoked = (db: Db, accountId: string, { email, externalId }: Whom) =>
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
