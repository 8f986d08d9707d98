import { and, eq } from "drizzle-orm";
import { customRolesOf, grantsOf } from "../identity/member.store.ts";
import type { Db } from "../kernel/db.ts";
import { invitation } from "../schema/invitation.ts";
import { member } from "../schema/team.ts";

/** The same as `findMember`, by the login of four digits. */
export const findMemberByLogin = (db: Db, accountId: string, login: string) =>
  db.select({ row: member, grants: grantsOf(member), customRoles: customRolesOf(member) }).from(member)
    .where(and(eq(member.accountId, accountId), eq(member.login, login)));

/** The invitation that a member waits for, past its time too. */
export const findWaiting = (db: Db, accountId: string, memberId: string) =>
  db.select().from(invitation).where(and(eq(invitation.accountId, accountId), eq(invitation.memberId, memberId), eq(invitation.status, "pending"), eq(invitation.kind, "email")));
