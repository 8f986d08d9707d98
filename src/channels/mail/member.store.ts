import { and, eq, ne } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { member } from "../../kernel/schema/team.ts";

/** Whether a member who is let in still has this address on the card. */
export async function hasCardAddress(db: Db, memberId: string, email: string): Promise<boolean> {
  const rows = await db
    .select({ id: member.id })
    .from(member)
    .where(and(eq(member.id, memberId), eq(member.email, email), ne(member.status, "blocked")));
  return rows.length > 0;
}
