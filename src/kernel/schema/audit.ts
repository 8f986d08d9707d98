import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Events on their way to the chain; written in the batch of the change that they record. */
export const auditOutbox = sqliteTable(
  "audit_outbox",
  {
    accountId: text("account_id").notNull(),
    id: text().notNull(),
    event: text({ mode: "json" }).$type<unknown>().notNull(),
    /**
     * The field of the change that is generated in the batch, and its value. The signature leaves the value
     * out.
     */
    open: text(),
    given: text(),
    /** Made with a signing key. Null: this gate did not stage it. */
    mac: text(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.id] })],
);

/** The newest sealed event of each account's chain, and the last ledger entry that is in it. */
export const auditHead = sqliteTable("audit_head", {
  accountId: text("account_id").primaryKey(),
  seq: integer().notNull(),
  hash: text().notNull(),
  ledgerSeq: integer("ledger_seq").notNull(),
});

export const auditEvent = sqliteTable(
  "audit_event",
  {
    accountId: text("account_id").notNull(),
    seq: integer().notNull(),
    id: text().notNull(),
    at: integer().notNull(),
    action: text().notNull(),
    outcome: text().notNull(),
    memberId: text("member_id"),
    resourceType: text("resource_type").notNull(),
    resourceId: text("resource_id"),
    /** The text that the hash covers. It holds personal values as salted digests. */
    body: text().notNull(),
    /** path -> [salt, value]; may be erased, the chain still verifies. */
    personal: text({ mode: "json" }).$type<Record<string, [string, unknown]>>().notNull(),
    prevHash: text("prev_hash").notNull(),
    hash: text().notNull(),
    ledgerSeq: integer("ledger_seq"),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.seq] })],
);

export const callLog = sqliteTable(
  "call_log",
  {
    accountId: text("account_id").notNull(),
    id: text().notNull(),
    at: integer().notNull(),
    memberId: text("member_id"),
    apiKeyId: text("api_key_id"),
    method: text().notNull(),
    path: text().notNull(),
    status: integer().notNull(),
    code: text(),
    ip: text(),
    userAgent: text("user_agent"),
    requestId: text("request_id").notNull(),
    /** X-Request-Id of the caller. */
    callerRequestId: text("caller_request_id"),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.id] })],
);

export const deadLetter = sqliteTable("dead_letter", {
  id: text().primaryKey(),
  queue: text().notNull(),
  reason: text().notNull(),
  body: text().notNull(),
  at: integer().notNull(),
});

/** Refusals by their kind, counted for a minute after the first. */
export const refusal = sqliteTable(
  "refusal",
  {
    accountId: text("account_id").notNull(),
    kind: text().notNull(),
    since: integer().notNull(),
    id: text().notNull(),
    event: text().notNull(),
    mac: text().notNull(),
    repeated: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.kind, table.since] })],
);
