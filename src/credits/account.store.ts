import { eq } from "drizzle-orm";
import type { Db } from "../kernel/db.ts";
import { account } from "../schema/team.ts";

/** One row when the account exists: an object would be made for any name that is asked for. */
export const findAccount = (db: Db, accountId: string) =>
  db.select({ id: account.id }).from(account).where(eq(account.id, accountId));
