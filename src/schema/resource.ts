import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const resource = sqliteTable("resource", {
  accountId: text("account_id").notNull(),
  type: text().notNull(),
  id: text().notNull(),
  /** The object it belongs to directly, and the one at the top: what a grant on the top object reaches. */
  parentId: text("parent_id"),
  rootId: text("root_id"),
  ownerId: text("owner_id"),
  groupId: text("group_id"),
  /** Another object that it names without belonging to it, such as a licence key's customer. */
  referenceId: text("reference_id"),
  status: text().notNull().default("active"),
  name: text().notNull().default(""),
  attributes: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
  version: integer().notNull().default(1),
  createdBy: text("created_by").notNull(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
}, (table) => [primaryKey({ columns: [table.accountId, table.type, table.id] })]);

export type ResourceRow = typeof resource.$inferSelect;
