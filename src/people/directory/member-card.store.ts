import { and, eq, sql } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../../gate/credentials/member.store.ts";
import type { Db } from "../../kernel/db.ts";
import { member } from "../../kernel/schema/team.ts";

/** The same as `findMember`, by the login of four digits. */
export const findMemberByLogin = (db: Db, accountId: string, login: string) =>
  db
    .select({ row: member, grants: grantsOf(member), customRoles: customRolesOf(member) })
    .from(member)
    .where(and(eq(member.accountId, accountId), eq(member.login, login)));

/** Which address signs in as the member, and since when. */
export const findSignIn = (db: Db, accountId: string, memberId: string) =>
  db
    .select({
      signInEmail: sql<string | null>`(SELECT u.email FROM user u WHERE u.id = ${member.userId})`.as(
        "sign_in_email",
      ),
      signInSince: member.signInSince,
    })
    .from(member)
    .where(and(eq(member.accountId, accountId), eq(member.id, memberId)));

export type SignIn = Awaited<ReturnType<typeof findSignIn>>[number];
