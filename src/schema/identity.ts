import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const apiKey = sqliteTable("api_key", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  memberId: text("member_id").notNull(),
  createdBy: text("created_by").notNull(),
  name: text().notNull(),
  /**
   * Hex SHA-256 of the secret. Null until the member has claimed the key. No other person ever sees the
   * secret.
   */
  hash: text(),
  prefix: text(),
  last4: text(),
  claimHash: text("claim_hash"),
  claimExpiresAt: integer("claim_expires_at"),
  /** A state of `CLAIM`; null for a key that its member made. */
  claimState: text("claim_state", { enum: ["told", "mailed", "claimed", "revoked", "replaced", "ended"] }),
  /** Rights that the key is narrowed to; null is all that its member has. */
  scopes: text({ mode: "json" }).$type<string[]>(),
  allowedIps: text("allowed_ips", { mode: "json" }).$type<string[]>().notNull(),
  expiresAt: integer("expires_at"),
  revokedAt: integer("revoked_at"),
  lastUsedAt: integer("last_used_at"),
  createdAt: integer("created_at").notNull(),
});

export const idempotency = sqliteTable(
  "idempotency",
  {
    principal: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    body: text({ mode: "json" }).$type<unknown>().notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.principal, table.key] })],
);

export const SIGN_IN_PURPOSES = ["sign_in", "change_email"] as const;
export type SignInPurpose = (typeof SIGN_IN_PURPOSES)[number];

/** A one-time code and link of sign-in. */
export const signIn = sqliteTable("sign_in", {
  id: text().primaryKey(),
  email: text().notNull(),
  /** What the code is good for, and nothing else. */
  purpose: text({ enum: SIGN_IN_PURPOSES }).notNull(),
  /** Of the signing key that code and link follow from. */
  kid: text().notNull(),
  attempts: integer().notNull().default(0),
  expiresAt: integer("expires_at").notNull(),
  usedAt: integer("used_at"),
  createdAt: integer("created_at").notNull(),
});

/** How often something was asked for in a window of time. */
export const tally = sqliteTable(
  "tally",
  {
    /** A digest of whom it is counted for, and of what. */
    subject: text().notNull(),
    window: integer().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.subject, table.window] })],
);

export const session = sqliteTable("session", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  memberId: text("member_id").notNull(),
  userId: text("user_id").notNull(),
  kid: text().notNull(),
  /** Each refresh is another; a refresh token of an earlier one ends the session. */
  rotations: integer().notNull().default(0),
  expiresAt: integer("expires_at").notNull(),
  endedAt: integer("ended_at"),
  ip: text(),
  userAgent: text("user_agent"),
  createdAt: integer("created_at").notNull(),
  refreshedAt: integer("refreshed_at").notNull(),
  /** From where the last refresh came; null before the first. */
  refreshedIp: text("refreshed_ip"),
  refreshedUserAgent: text("refreshed_user_agent"),
});
