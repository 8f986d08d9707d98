import type { AuditEvent } from "../../audit/chain/event.ts";
import { complete } from "../../audit/chain/outbox.store.ts";
import { ask, type Db, type Statement } from "../../kernel/db.ts";
import { completeLetter } from "../../channels/mail/outbox.store.ts";
import type { Change } from "./call.ts";
import { completeRecord } from "./idempotency.store.ts";

/** The answer with the value that the batch generated. */
export const withAssigned = (
  body: Readonly<Record<string, unknown>>,
  { member, within }: NonNullable<Change["assigned"]>,
  value: unknown,
): object =>
  within === undefined
    ? { ...body, [member]: value }
    : { ...body, [within]: { ...(body[within] as object), [member]: value } };

/** The field of an event that the batch writes; null where the event has no such field. */
export const openIn = ({ changes }: AuditEvent, assigned: Change["assigned"]): string | null =>
  assigned !== undefined && changes !== null && Object.hasOwn(changes.after, assigned.member)
    ? assigned.member
    : null;

/**
 * Copies the generated value into the idempotency record, the events and the letters. Its own statement is
 * last, so that the answer can take it.
 */
export function completion(
  db: Db,
  memberId: string,
  { assigned, events, letters = [] }: Change,
  key: string | null,
): Statement[] {
  if (assigned === undefined) return [];
  const { member, value, within } = assigned;
  const field = within === undefined ? member : `${within}.${member}`;
  return [
    ...(key === null ? [] : [completeRecord(db, memberId, key, field, value)]),
    ...events
      .filter((event) => openIn(event, assigned) !== null)
      .map((event) => complete(db, event, member, value)),
    ...letters
      .filter((letter) => Object.hasOwn(letter, member))
      .map((letter) => completeLetter(db, letter, member, value)),
    ask(db, value),
  ];
}
