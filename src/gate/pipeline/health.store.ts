import { sql } from "drizzle-orm";
import { ask, batch, type Db } from "../../kernel/db.ts";

/** One question that reads no table. @throws Error when the database cannot be reached */
export const askDatabase = async (db: Db): Promise<void> => {
  await batch(db, [ask(db, sql`1`)]);
};
