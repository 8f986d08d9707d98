import { and, eq, or, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../identity/member.store.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { formerMember } from "../schema/book.ts";
import { invitation } from "../schema/invitation.ts";
import { member } from "../schema/team.ts";

/** By whom a sender means: an address, an id of its own, or both. */
export interface Whom {
  readonly email: string | null;
  /** Hex SHA-256 of the address in lower case. */
  readonly emailHash: string | null;
  readonly externalId: string | null;
}

const NOBODY = "";

/** Members of the account who go by this address or this id. */
export const findMembers = (db: Db, accountId: string, { email, externalId }: Whom) =>
  db.select({ row: member, grants: grantsOf(member), customRoles: customRolesOf(member) }).from(member)
    .where(and(eq(member.accountId, accountId), or(eq(member.email, email ?? NOBODY), eq(member.externalId, externalId ?? NOBODY))));

/** Whether such a member is gone. */
export const findFormer = (db: Db, accountId: string, { emailHash, externalId }: Whom) =>
  db.select({ memberId: formerMember.memberId }).from(formerMember)
    .where(and(eq(formerMember.accountId, accountId), or(eq(formerMember.emailHash, emailHash ?? NOBODY), eq(formerMember.externalId, externalId ?? NOBODY)))).limit(1);

/** Fails the batch when somebody was kept out since it was asked: of an invitation and a block at once, the block holds. */
export const guardNotFormer = (db: Db, accountId: string, { emailHash, externalId }: Whom): Statement =>
  guard(db, "changed", sql`NOT EXISTS (SELECT 1 FROM former_member WHERE account_id = ${accountId} AND (email_hash = ${emailHash} OR external_id = ${externalId}))`);

/** Fails the batch when somebody came in since it was asked. */
export const guardNobody = (db: Db, accountId: string, { email, externalId }: Whom): Statement =>
  guard(db, "changed", sql`NOT EXISTS (SELECT 1 FROM member WHERE account_id = ${accountId} AND (email = ${email} OR external_id = ${externalId}))`);

/** Whether somebody took an invitation of theirs back. */
export const findRevoked = (db: Db, accountId: string, { email, externalId }: Whom) =>
  db.select({ id: invitation.id }).from(invitation).where(and(
    eq(invitation.accountId, accountId), eq(invitation.status, "revoked"), or(eq(invitation.email, email ?? NOBODY), eq(invitation.externalId, externalId ?? NOBODY)),
  )).limit(1);

/** Somebody is to stay out who never came in: events arrive in any order. @param by what remembers it */
export const insertFormer = (db: Db, accountId: string, { emailHash, externalId }: { emailHash: string; externalId: string | null }, by: string, at: number): Statement =>
  db.insert(formerMember).values({ accountId, emailHash, externalId, memberId: by, removedAt: at })
    .onConflictDoUpdate({ target: [formerMember.accountId, formerMember.emailHash], set: externalId === null ? { removedAt: at } : { externalId, removedAt: at } });
