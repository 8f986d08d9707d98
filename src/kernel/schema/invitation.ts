import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const INVITATION_KINDS = ["email", "link"] as const;
/** The stored status. A pending invitation that is past its time is shown as expired. */
export const INVITATION_STATUSES = ["pending", "accepted", "revoked"] as const;

export const invitation = sqliteTable("invitation", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  kind: text({ enum: INVITATION_KINDS }).notNull(),
  /** Kind email: the new member that waits for it. */
  memberId: text("member_id"),
  email: text(),
  /** Kind link: what its maker calls it. */
  name: text(),
  /** Kind link: the role of a member who joins by it. */
  role: text(),
  /** Hex SHA-256; null until a mail was asked for. */
  tokenHash: text("token_hash"),
  tokenKid: text("token_kid"),
  status: text({ enum: INVITATION_STATUSES }).notNull(),
  expiresAt: integer("expires_at").notNull(),
  maxUses: integer("max_uses"),
  uses: integer().notNull().default(0),
  sendCount: integer("send_count").notNull().default(0),
  /** When its last mail leaves or left, in milliseconds since the epoch; 0 before the first. */
  mailAt: integer("mail_at").notNull().default(0),
  externalId: text("external_id"),
  /** The member who invited, or who owns the hook that did. */
  invitedBy: text("invited_by").notNull(),
  hookId: text("hook_id"),
  createdAt: integer("created_at").notNull(),
  acceptedAt: integer("accepted_at"),
  revokedAt: integer("revoked_at"),
  updatedAt: integer("updated_at").notNull(),
});

export type InvitationRow = typeof invitation.$inferSelect;
