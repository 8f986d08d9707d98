import type { Db } from "../../kernel/db.ts";
import { deadLetter } from "../../kernel/schema/audit.ts";

/** A message that could not be used, kept with its reason for the operator of the deployment. */
export interface DeadLetter {
  /** The id that the queue gave the message, so that a redelivered one is kept once. */
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly body: string;
  readonly at: number;
}

export async function insertDeadLetter(db: Db, row: DeadLetter): Promise<void> {
  await db.insert(deadLetter).values(row).onConflictDoNothing();
}
