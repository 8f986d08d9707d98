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
  /** A state of `CLAIM_MACHINE`; null for a key that its member made. */
  claimState: text("claim_state", { enum: ["told", "mailed", "claimed", "revoked", "replaced", "ended"] }),
  /** Scopes of the key; null is all rights of its member. */
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
  /** The only purpose that the code is good for. */
  purpose: text({ enum: SIGN_IN_PURPOSES }).notNull(),
  /** The id of the signing key that code and link are derived from. */
  kid: text().notNull(),
  attempts: integer().notNull().default(0),
  expiresAt: integer("expires_at").notNull(),
  usedAt: integer("used_at"),
  createdAt: integer("created_at").notNull(),
});

/** Counts of calls in a window of time. */
export const tally = sqliteTable(
  "tally",
  {
    /** A digest of the limit and of the subject that is counted. */
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
  /** Each refresh has the next number. A refresh token of an earlier number ends the session. */
  rotations: integer().notNull().default(0),
  expiresAt: integer("expires_at").notNull(),
  endedAt: integer("ended_at"),
  ip: text(),
  userAgent: text("user_agent"),
  createdAt: integer("created_at").notNull(),
  refreshedAt: integer("refreshed_at").notNull(),
  /** The address of the last refresh; null before the first. */
  refreshedIp: text("refreshed_ip"),
  refreshedUserAgent: text("refreshed_user_agent"),
});
