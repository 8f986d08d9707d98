import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Locale, Plan } from "./team.ts";

/** What an account's plan becomes while the tier is in force. What is left out stays as it is. */
export type TierFeatures = Partial<Pick<Plan, "restrictedAccounts" | "memberLimit">>;

export const tier = sqliteTable("tier", {
  key: text().primaryKey(),
  names: text({ mode: "json" }).$type<Readonly<Record<Locale, string>>>().notNull(),
  /** In the smallest unit of the currency. */
  price: text({ mode: "json" }).$type<{ readonly amount: number; readonly currency: string }>().notNull(),
  features: text({ mode: "json" }).$type<TierFeatures>().notNull(),
  /** For each month. */
  credits: integer().notNull().default(0),
  selfService: integer("self_service", { mode: "boolean" }).notNull().default(false),
  offered: integer({ mode: "boolean" }).notNull().default(true),
  version: integer().notNull().default(1),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export type TierRow = typeof tier.$inferSelect;

export const tierChoice = sqliteTable("tier_choice", {
  accountId: text("account_id").primaryKey(),
  tier: text().notNull(),
  invoiceId: text("invoice_id").notNull(),
  chosenBy: text("chosen_by").notNull(),
  chosenAt: integer("chosen_at").notNull(),
});

export type TierChoiceRow = typeof tierChoice.$inferSelect;

export const tierCredit = sqliteTable(
  "tier_credit",
  {
    accountId: text("account_id").notNull(),
    /** Which month of which tier; the ledger's key follows from it. */
    period: text().notNull(),
    amount: integer().notNull(),
    /** Who caused it and from where, for the ledger's entry. */
    context: text({ mode: "json" }).$type<unknown>().notNull(),
    createdAt: integer("created_at").notNull(),
    triedAt: integer("tried_at").notNull().default(0),
    givenAt: integer("given_at"),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.period] })],
);

export type TierCreditRow = typeof tierCredit.$inferSelect;
