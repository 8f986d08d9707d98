import { z } from "zod";
import { deliverWaitingMails, type MailEnv } from "./delivery.queue.ts";

/** The same name as in wrangler.toml. */
export const MAIL_QUEUE = "tollgate-mail";

const Body = z.strictObject({ id: z.string().min(1) });

/**
 * The consumer of the queue of mail. A message names a letter of the outbox; one whose letter was sent
 * before, or that another sender has, is done. What names none is tried until the dead queue keeps it.
 */
export async function consumeMailBatch(batch: MessageBatch, env: MailEnv): Promise<void> {
  const messages = batch.messages.map((message) => ({
    message,
    id: Body.safeParse(message.body).data?.id ?? null,
  }));
  const ids = messages.flatMap(({ id }) => id ?? []);
  try {
    const pauses = ids.length === 0 ? new Map<string, number>() : await deliverWaitingMails(env, ids);
    for (const { message, id } of messages) {
      const pause = id === null ? 0 : pauses.get(id);
      if (pause === undefined) message.ack();
      else message.retry({ delaySeconds: Math.ceil(pause / 1000) });
    }
  } catch (error) {
    console.error({ message: "mails are tried again", count: batch.messages.length, error: String(error) });
    for (const { message } of messages) message.retry({ delaySeconds: Math.min(30, 2 ** message.attempts) });
  }
}
