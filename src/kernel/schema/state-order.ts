import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** States of an account that messages from outside set. */
export const ACCOUNT_STATES = ["plan", "subscription"] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** The newest message that was applied to a state, whichever hook it came through. */
export const stateOrder = sqliteTable(
  "state_order",
  {
    accountId: text("account_id").notNull(),
    state: text({ enum: ACCOUNT_STATES }).notNull(),
    /** Milliseconds since the epoch. */
    at: integer().notNull(),
    sequence: integer(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.state] })],
);
