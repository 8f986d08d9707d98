import type { Env } from "../../env.ts";
import { type Db, openDb } from "../../kernel/db.ts";
import { insertCalls } from "./call-log.store.ts";
import { type DeadLetter, insertDeadLetter } from "./dead-letter.store.ts";
import type { AuditEvent, AuditMessage } from "./event.ts";
import type { LedgerOutboxes } from "./ledger.ts";
import { AUDIT_MESSAGE } from "./message.ts";
import { sealAccount, type SealingContext } from "./sealing.store.ts";

/**
 * Where the queues of the audit log and of mail put what failed at every try. wrangler.toml names them, too.
 */
const DEAD_QUEUES: readonly string[] = ["tollgate-audit-dead", "tollgate-mail-dead"];

/** Messages that are done or tried again together. */
interface MessageGroup {
  readonly messages: Message[];
  readonly work: () => Promise<void>;
}

/**
 * The consumer of the queue of the trail and of all dead ones. Messages of one account are sealed together;
 * each message is acked or tried again by its own success, so that one bad message or one broken chain holds
 * up no other account.
 */
export async function consumeAuditBatch(
  batch: MessageBatch,
  env: Pick<Env, "DB" | "SIGNING_KEYS">,
  ledgers: LedgerOutboxes,
): Promise<void> {
  const db = openDb(env.DB);
  const groups = DEAD_QUEUES.includes(batch.queue)
    ? batch.messages.map((message) => deadLetterGroup(db, batch.queue, message, "retries exhausted"))
    : groupMessages({ db, signingKeys: env.SIGNING_KEYS, ledgers }, batch);
  for (const { messages, work } of groups) {
    try {
      await work();
      for (const message of messages) message.ack();
    } catch (error) {
      console.error({
        message: "audit messages are tried again",
        queue: batch.queue,
        count: messages.length,
        error: String(error),
      });
      for (const message of messages) message.retry({ delaySeconds: Math.min(30, 2 ** message.attempts) });
    }
  }
}

function groupMessages(trail: SealingContext, batch: MessageBatch): MessageGroup[] {
  const { db } = trail;
  const groups: MessageGroup[] = [];
  const accounts = new Map<string, { messages: Message[]; entries: AuditEvent[] }>();
  const calls: { message: Message; rows: (AuditMessage & { kind: "calls" })["calls"] }[] = [];
  for (const message of batch.messages) {
    const { data, error } = AUDIT_MESSAGE.safeParse(message.body);
    if (data === undefined)
      groups.push(
        deadLetterGroup(
          db,
          batch.queue,
          message,
          `malformed: ${error.issues[0]?.path.join("/")} ${error.issues[0]?.message}`,
        ),
      );
    else if (data.kind === "calls") calls.push({ message, rows: data.calls });
    else {
      const account = accounts.get(data.accountId) ?? { messages: [], entries: [] };
      accounts.set(data.accountId, account);
      account.messages.push(message);
      if (data.kind === "entries") account.entries.push(...data.events);
    }
  }
  for (const [accountId, { messages, entries }] of accounts) {
    groups.push({ messages, work: () => sealAccount(trail, accountId, entries, "given") });
  }
  if (calls.length > 0) {
    groups.push({
      messages: calls.map(({ message }) => message),
      work: () =>
        insertCalls(
          db,
          calls.flatMap(({ rows }) => rows),
        ),
    });
  }
  return groups;
}

function deadLetterGroup(db: Db, queue: string, message: Message, reason: string): MessageGroup {
  const row: DeadLetter = {
    id: message.id,
    queue,
    reason: reason.slice(0, 500),
    body: textOf(message.body),
    at: message.timestamp.getTime(),
  };
  return { messages: [message], work: () => insertDeadLetter(db, row) };
}

/** A body that JSON cannot hold is kept as its text. */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body) ?? String(body);
  } catch {
    return String(body);
  }
}
