import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const resource = sqliteTable(
  "resource",
  {
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
    /** Milliseconds since the epoch. */
    expiresAt: integer("expires_at"),
    /** A value that no two objects of the type in an account may share. */
    uniqueKey: text("unique_key"),
    attributes: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
    version: integer().notNull().default(1),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.type, table.id] })],
);

export type ResourceRow = typeof resource.$inferSelect;

/**
 * A change that costs credits: from the moment it is accepted until it is paid or refused, and then for as
 * long as its key is remembered.
 */
export const charge = sqliteTable(
  "charge",
  {
    accountId: text("account_id").notNull(),
    /** The key of the charge in the ledger. */
    key: text().notNull(),
    memberId: text("member_id").notNull(),
    status: text({ enum: ["pending", "paid", "refused"] }).notNull(),
    fingerprint: text().notNull(),
    amount: integer().notNull(),
    description: text().notNull(),
    /**
     * The object that the change makes or changes, and the one that it belongs to: neither may go meanwhile.
     */
    resourceId: text("resource_id").notNull(),
    parentId: text("parent_id"),
    change: text({ mode: "json" }).$type<unknown>().notNull(),
    /** The answer to the caller, now and under the same key later. */
    answer: text({ mode: "json" }).$type<unknown>().notNull(),
    event: text({ mode: "json" }).$type<unknown>().notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.key] })],
);

export type ChargeRow = typeof charge.$inferSelect;

export const sosBlock = sqliteTable("sos_block", {
  accountId: text("account_id").primaryKey(),
  keyId: text("key_id").notNull(),
  memberId: text("member_id").notNull(),
  createdAt: integer("created_at").notNull(),
});

export const sosSerial = sqliteTable(
  "sos_serial",
  {
    /** The account at the top: a dealer's own, or the one that a sub-dealer stands under. */
    familyId: text("family_id").notNull(),
    /** As it is compared; after a blank as it was written, where the migration could not tell. */
    serial: text().notNull(),
    licenseId: text("license_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.familyId, table.serial] })],
);

export const themeFile = sqliteTable(
  "theme_file",
  {
    themeId: text("theme_id").notNull(),
    name: text().notNull(),
    /** What the bucket keeps the bytes under. */
    id: text().notNull(),
    /** Bytes. */
    size: integer().notNull(),
    /** Hex. */
    sha256: text().notNull(),
    contentType: text("content_type").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.themeId, table.name] })],
);

export const strayFile = sqliteTable("stray_file", {
  id: text().primaryKey(),
  /** Milliseconds since the epoch; 0 where they may go at once. */
  at: integer().notNull(),
});

export type ThemeFileRow = typeof themeFile.$inferSelect;
