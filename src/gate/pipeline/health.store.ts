import { sql } from "drizzle-orm";
import { selectValue, batch, type Db } from "../../kernel/db.ts";

/** One question that reads no table. @throws Error when the database cannot be reached */
export const pingDatabase = async (db: Db): Promise<void> => {
  await batch(db, [selectValue(db, sql`1`)]);
};
