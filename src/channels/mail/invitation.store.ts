import { and, eq, isNotNull } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { invitation } from "../../kernel/schema/invitation.ts";

/** Whether the link of that sending still opens something, for the reader of that address. */
export async function isInvitationOpen(
  db: Db,
  invitationId: string,
  sendCount: number,
  to: string,
): Promise<boolean> {
  const rows = await db
    .select({ id: invitation.id })
    .from(invitation)
    .where(
      and(
        eq(invitation.id, invitationId),
        eq(invitation.sendCount, sendCount),
        eq(invitation.status, "pending"),
        eq(invitation.email, to),
        isNotNull(invitation.tokenHash),
      ),
    );
  return rows.length > 0;
}
