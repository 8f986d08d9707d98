import { and, eq, sql } from "drizzle-orm";
import type { Db, Statement } from "../kernel/db.ts";
import { invitation, type InvitationRow } from "../schema/invitation.ts";
import { member } from "../schema/team.ts";

/** The member who has this address in the account, and whether an invitation waits for them. */
export const findByAddress = (db: Db, accountId: string, email: string) =>
  db.select({ id: member.id, status: member.status, waits: sql<number>`EXISTS (SELECT 1 FROM invitation i WHERE i.member_id = ${member.id} AND i.status = 'pending')`.as("waits") })
    .from(member).where(and(eq(member.accountId, accountId), eq(member.email, email)));

export const insertInvitation = (db: Db, row: InvitationRow): Statement => db.insert(invitation).values(row);
