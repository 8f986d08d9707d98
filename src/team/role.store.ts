import { and, eq, sql } from "drizzle-orm";
import type { Db } from "../kernel/db.ts";
import { role } from "../schema/team.ts";

/** Custom roles of the account by their ids, as far as they are there. */
export const findRoles = (db: Db, accountId: string, ids: readonly string[]) =>
  db.select().from(role).where(and(eq(role.accountId, accountId), sql`${role.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`));
