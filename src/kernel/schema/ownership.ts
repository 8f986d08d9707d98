import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const ownershipOffer = sqliteTable("ownership_offer", {
  accountId: text("account_id").primaryKey(),
  id: text().notNull(),
  memberId: text("member_id").notNull(),
  /** The owner who made it. */
  offeredBy: text("offered_by").notNull(),
  expiresAt: integer("expires_at").notNull(),
  createdAt: integer("created_at").notNull(),
});

export type OwnershipOfferRow = typeof ownershipOffer.$inferSelect;
