import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Members who are gone, so that no hook brings them back. */
export const formerMember = sqliteTable("former_member", {
  accountId: text("account_id").notNull(),
  emailHash: text("email_hash").notNull(),
  externalId: text("external_id"),
  memberId: text("member_id").notNull(),
  removedAt: integer("removed_at").notNull(),
}, (table) => [primaryKey({ columns: [table.accountId, table.emailHash] })]);

export const assessment = sqliteTable("assessment", {
  accountId: text("account_id").notNull(),
  memberId: text("member_id").notNull(),
  year: integer().notNull(),
  result: text().notNull(),
  at: integer().notNull(),
  writtenBy: text("written_by").notNull(),
}, (table) => [primaryKey({ columns: [table.memberId, table.year] })]);
