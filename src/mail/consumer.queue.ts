import type { Env } from "../env.ts";

/** The consumer of both queues of mail. */
export async function deliver(batch: MessageBatch, _env: Env): Promise<void> {
  for (const message of batch.messages) message.ack();
}
