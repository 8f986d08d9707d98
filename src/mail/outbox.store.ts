import type { Db, Statement } from "../kernel/db.ts";
import { mailOutbox } from "../schema/mail.ts";
import type { Letter } from "./letter.ts";

/** Goes into the batch of the change that it tells of: no change without its mail, and no mail without its change. @param at milliseconds since the epoch */
export const post = (db: Db, letter: Letter, at: number): Statement => db.insert(mailOutbox).values({ id: letter.id, letter, createdAt: at });

/** Says that letters wait. Never throws: what the queue did not take, the sweep finds in the outbox. */
export async function dispatch(queue: Queue, letters: readonly Letter[]): Promise<void> {
  for (const { id } of letters) {
    try {
      await queue.send({ id });
    } catch (error) {
      console.error({ message: "a mail waits for the sweep", id, error: String(error) });
    }
  }
}
