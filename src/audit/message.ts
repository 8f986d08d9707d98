import type { AuditEvent, AuditMessage } from "./event.ts";

/** A queue takes 128 KB per message; the rest is left for the envelope. */
const BYTES_MAX = 120_000;
const EVENTS_MAX = 100;

const encoder = new TextEncoder();

/**
 * Events as messages that fit the queue, in order. One event that is too large alone has a message of its own: the queue
 * refuses it and the sweep seals it from its outbox.
 */
export function pack(kind: "events" | "entries", accountId: string, events: readonly AuditEvent[]): AuditMessage[] {
  const messages: AuditEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = encoder.encode(JSON.stringify(event)).length + 1;
    const last = messages.at(-1);
    if (last === undefined || last.length >= EVENTS_MAX || bytes + size > BYTES_MAX) {
      messages.push([event]);
      bytes = size;
    } else {
      last.push(event);
      bytes += size;
    }
  }
  return messages.map((group) => ({ kind, accountId, events: group }));
}
