import { eq } from "drizzle-orm";
import type { Db } from "../kernel/db.ts";
import { account } from "../schema/team.ts";

/** Any account by its id: whoever asks for another than its own needs a right of the platform. */
export const findAccount = (db: Db, accountId: string) => db.select().from(account).where(eq(account.id, accountId));
