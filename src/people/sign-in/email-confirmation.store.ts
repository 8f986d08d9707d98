import { eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { member } from "../../kernel/schema/team.ts";

/** A member of any account, by the id that a mailed token begins with. */
export const findMemberToConfirm = (db: Db, id: string) =>
  db
    .select({
      id: member.id,
      accountId: member.accountId,
      login: member.login,
      username: member.username,
      email: member.email,
      emailVerifiedAt: member.emailVerifiedAt,
      emailChange: member.emailChange,
      version: member.version,
    })
    .from(member)
    .where(eq(member.id, id));

export type MemberToConfirm = Awaited<ReturnType<typeof findMemberToConfirm>>[number];

/**
 * Part of the card, so its version goes on. Fails under "changed" when the card changed meanwhile: the
 * address may be another. @param at milliseconds since the epoch
 */
export const confirmEmail = (db: Db, { id, version }: MemberToConfirm, at: number): Statement[] => [
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM member
    WHERE id = ${id} AND version = ${version} AND email_verified_at IS NULL)`,
  ),
  db
    .update(member)
    .set({ emailVerifiedAt: at, updatedAt: at, version: sql`${member.version} + 1` })
    .where(eq(member.id, id)),
];
