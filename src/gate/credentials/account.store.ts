import { eq, sql } from "drizzle-orm";
import type { Db, Expression } from "../../kernel/db.ts";
import { account } from "../../kernel/schema/team.ts";

/**
 * Any account by its id. A caller who asks for another account than their own needs a right of the platform.
 */
export const findAccount = (db: Db, accountId: string) =>
  db.select().from(account).where(eq(account.id, accountId));

/** Mails a day that an account may cause: what the platform set, else `standard`. */
export const accountMailQuota = (id: string, standard: number): Expression =>
  sql`coalesce((SELECT mails_per_day FROM account WHERE id = ${id}), ${standard})`;

export const findMailQuota = (db: Db, id: string, standard: number) =>
  db
    .select({ quota: sql<number>`coalesce(${account.mailsPerDay}, ${standard})`.as("quota") })
    .from(account)
    .where(eq(account.id, id));
