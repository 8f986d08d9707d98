import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Identifiers of members who are blocked or gone and are to stay out, so that no hook and no link brings them
 * back.
 */
export const formerMember = sqliteTable(
  "former_member",
  {
    accountId: text("account_id").notNull(),
    /** Hex SHA-256 of an address or an external id. */
    knownBy: text("known_by").notNull(),
    memberId: text("member_id").notNull(),
    since: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.knownBy, table.memberId] })],
);

export const assessment = sqliteTable(
  "assessment",
  {
    accountId: text("account_id").notNull(),
    memberId: text("member_id").notNull(),
    year: integer().notNull(),
    result: text().notNull(),
    at: integer().notNull(),
    writtenBy: text("written_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.year] })],
);
