import { and, eq } from "drizzle-orm";
import type { Db } from "../kernel/db.ts";
import { invitation } from "../schema/invitation.ts";

/** Whether the link of that sending still opens something. */
export async function isOpen(db: Db, invitationId: string, sendCount: number): Promise<boolean> {
  const rows = await db.select({ id: invitation.id }).from(invitation)
    .where(and(eq(invitation.id, invitationId), eq(invitation.sendCount, sendCount), eq(invitation.status, "pending")));
  return rows.length > 0;
}
