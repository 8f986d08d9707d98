import { env } from "cloudflare:workers";
import { consumeMailBatch } from "../../../src/channels/mail/consumer.queue.ts";
import type { MailEnv } from "../../../src/channels/mail/delivery.queue.ts";
import type { MailMessage } from "../../../src/channels/mail/mail-message.ts";
import { enqueueMail } from "../../../src/channels/mail/outbox.store.ts";
import { batch, openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";

export const db = openDb(env.DB);

/** What Cloudflare was handed. */
export interface HandedMail {
  readonly from: { readonly email: string; readonly name: string };
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Record<string, string>;
}

/** Cloudflare's side of the binding, which may fail, or hand on what it took. */
export interface OutgoingMail {
  readonly sent: HandedMail[];
  /** Asked before each mail is taken. */
  fails: (mail: HandedMail) => Error | null;
  /** Runs after a mail was taken and before the sender hears of it. */
  meanwhile: () => Promise<void>;
}

export const newOutgoingMail = (): OutgoingMail => ({
  sent: [],
  fails: () => null,
  meanwhile: async () => undefined,
});

/** A gate whose mails go to `out`; as in production, nothing is kept. */
export const mailEnvTo = (out: OutgoingMail, more: Partial<MailEnv> = {}): MailEnv => ({
  ...env,
  DEV_MAIL: "off",
  ...more,
  EMAIL: {
    send: async (mail: HandedMail) => {
      const error = out.fails(mail);
      if (error !== null) throw error;
      out.sent.push(mail);
      await out.meanwhile();
      return { messageId: "<1@example.com>" };
    },
  } as unknown as SendEmail,
});

let addresses = 0;
export const newAddress = (): string => `reader-${(addresses += 1)}@example.com`;

/** A letter that waits, with no queue that knows of it. */
export async function enqueueWithoutQueue(more: Partial<MailMessage> = {}): Promise<MailMessage> {
  const letter = {
    id: newId("mail", Date.now()),
    to: newAddress(),
    language: "en",
    template: "access_changed",
    memberId: newId("member", Date.now()),
    account: "Studio",
    by: "Ada",
    ...more,
  } as MailMessage;
  await batch(db, enqueueMail(db, letter, Date.now()));
  return letter;
}

interface OutboxRow {
  readonly attempts: number;
  readonly held_until: number;
  readonly sent_at: number | null;
  readonly failed_at: number | null;
  readonly error: string | null;
}

export const readOutboxRow = async ({ id }: MailMessage): Promise<OutboxRow> => {
  const row = await env.DB.prepare(
    "SELECT attempts, held_until, sent_at, failed_at, error FROM mail_outbox WHERE id = ?",
  )
    .bind(id)
    .first<OutboxRow>();
  if (row === null) throw new Error("the letter is gone");
  return row;
};

/** As if the time until the next try had passed. */
export const makeDue = (letter: MailMessage) =>
  env.DB.prepare("UPDATE mail_outbox SET held_until = 0 WHERE id = ? AND sent_at IS NULL")
    .bind(letter.id)
    .run();

/**
 * What becomes of messages with these bodies: how many are done, and the seconds after which the others come
 * again.
 */
export async function deliverMessages(
  world: MailEnv,
  bodies: readonly unknown[],
  queue = "tollgate-mail",
): Promise<{ acked: number; retried: number[] }> {
  const result = { acked: 0, retried: [] as number[] };
  const messages = bodies.map((body) => ({
    id: crypto.randomUUID(),
    timestamp: new Date(),
    attempts: 1,
    body,
    ack: () => {
      result.acked += 1;
    },
    retry: ({ delaySeconds = 0 }: QueueRetryOptions = {}) => void result.retried.push(delaySeconds),
  }));
  await consumeMailBatch({ queue, messages } as unknown as MessageBatch, world);
  return result;
}
