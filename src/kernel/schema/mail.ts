import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Mails on their way out. No secret is in them: tokens are made when they are sent. */
export const mailOutbox = sqliteTable("mail_outbox", {
  id: text().primaryKey(),
  letter: text({ mode: "json" }).$type<unknown>().notNull(),
  attempts: integer().notNull().default(0),
  /** Until then one sender holds it. */
  heldUntil: integer("held_until").notNull().default(0),
  /** Letters with the same key within a minute become one. */
  gather: text(),
  /** Not sent before this time, in milliseconds since the epoch. */
  notBefore: integer("not_before").notNull().default(0),
  sentAt: integer("sent_at"),
  failedAt: integer("failed_at"),
  error: text(),
  createdAt: integer("created_at").notNull(),
});

/** The local mailbox. */
export const devMail = sqliteTable("dev_mail", {
  id: text().primaryKey(),
  recipient: text().notNull(),
  template: text().notNull(),
  subject: text().notNull(),
  text: text().notNull(),
  html: text().notNull(),
  /** As they are in the mail. */
  link: text(),
  code: text(),
  at: integer().notNull(),
});
