import { and, desc, eq, lt } from "drizzle-orm";
import type { Db, Statement } from "../../kernel/db.ts";
import { devMail } from "../../kernel/schema/mail.ts";

export type DevMail = typeof devMail.$inferSelect;

/** Keeps a mail as it was sent, once for each sending. */
export const insertDevMail = (
  db: Db,
  { id, recipient, template, subject, text, html, link, code, at }: DevMail,
): Statement => db.insert(devMail).values({ id, recipient, template, subject, text, html, link, code, at });

/** The newest first. @param before the id that the page begins after */
export const listDevMails = (
  db: Db,
  to: string | null,
  before: string | null,
  limit: number,
): Promise<DevMail[]> =>
  db
    .select()
    .from(devMail)
    .where(
      and(
        to === null ? undefined : eq(devMail.recipient, to),
        before === null ? undefined : lt(devMail.id, before),
      ),
    )
    .orderBy(desc(devMail.id))
    .limit(limit);

export async function findDevMail(db: Db, id: string): Promise<DevMail | null> {
  const [row] = await db.select().from(devMail).where(eq(devMail.id, id));
  return row ?? null;
}
