import { sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Tables whose folded names are still to be rewritten, and the id up to which they are. */
export const refold = sqliteTable("refold", {
  name: text({ enum: ["account", "member", "role"] }).primaryKey(),
  doneTo: text("done_to").notNull(),
});
