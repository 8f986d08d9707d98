import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const HOOK_SCHEMES = ["standard", "stripe", "github"] as const;
export type HookScheme = (typeof HOOK_SCHEMES)[number];

export const hook = sqliteTable("hook", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  /** The owner of the hook. The hook has the owner's rights. */
  memberId: text("member_id").notNull(),
  name: text().notNull(),
  scheme: text({ enum: HOOK_SCHEMES }).notNull(),
  /** Encrypted. */
  secret: text().notNull(),
  /** When this secret was set. */
  secretAt: integer("secret_at").notNull(),
  previousSecret: text("previous_secret"),
  previousUntil: integer("previous_until"),
  mapping: text({ mode: "json" }).$type<unknown>().notNull(),
  active: integer({ mode: "boolean" }).notNull().default(true),
  version: integer().notNull().default(1),
  /** The last call that was refused: one row for all of them. */
  lastRefusal: text("last_refusal", { mode: "json" }).$type<{
    readonly at: number;
    readonly reason: string;
  }>(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export type HookRow = typeof hook.$inferSelect;

export const delivery = sqliteTable(
  "delivery",
  {
    hookId: text("hook_id").notNull(),
    id: text().notNull(),
    messageId: text("message_id").notNull(),
    /** Hex SHA-256 of the signed text. */
    digest: text().notNull(),
    eventType: text("event_type"),
    outcome: text().notNull(),
    detail: text({ mode: "json" }).$type<unknown>(),
    attempts: integer().notNull().default(1),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.hookId, table.id] })],
);

export type DeliveryRow = typeof delivery.$inferSelect;

/** Credits that a hook gives: accepted, and not yet in the ledger and recorded. */
export const hookCredit = sqliteTable("hook_credit", {
  /** The ledger's key. */
  key: text().primaryKey(),
  hookId: text("hook_id").notNull(),
  deliveryId: text("delivery_id").notNull(),
  accountId: text("account_id").notNull(),
  credit: text({ mode: "json" }).$type<unknown>().notNull(),
  events: text({ mode: "json" }).$type<unknown>().notNull(),
  createdAt: integer("created_at").notNull(),
  /** When credits that the account has no room for are tried again; 0 before the first refusal. */
  retryAt: integer("retry_at").notNull().default(0),
});

export type HookCreditRow = typeof hookCredit.$inferSelect;
