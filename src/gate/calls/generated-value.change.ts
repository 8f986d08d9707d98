import type { AuditEvent } from "../../audit/chain/event.ts";
import { completeEvent } from "../../audit/chain/outbox.store.ts";
import { selectValue, type Db, type Statement } from "../../kernel/db.ts";
import { completeMail } from "../../channels/mail/outbox.store.ts";
import type { Change } from "./call.ts";
import { completeRecord } from "./idempotency.store.ts";

/** The answer with the value that the batch generated. */
export const withGenerated = (
  body: Readonly<Record<string, unknown>>,
  { member, within }: NonNullable<Change["generated"]>,
  value: unknown,
): object =>
  within === undefined
    ? { ...body, [member]: value }
    : { ...body, [within]: { ...(body[within] as object), [member]: value } };

/** The field of an event that the batch writes; null where the event has no such field. */
export const generatedFieldIn = ({ changes }: AuditEvent, generated: Change["generated"]): string | null =>
  generated !== undefined && changes !== null && Object.hasOwn(changes.after, generated.member)
    ? generated.member
    : null;

/**
 * Copies the generated value into the idempotency record, the events and the mails. Its own statement is
 * last, so that the answer can take it.
 */
export function completeGenerated(
  db: Db,
  memberId: string,
  { generated, events, mails = [] }: Change,
  key: string | null,
): Statement[] {
  if (generated === undefined) return [];
  const { member, value, within } = generated;
  const field = within === undefined ? member : `${within}.${member}`;
  return [
    ...(key === null ? [] : [completeRecord(db, memberId, key, field, value)]),
    ...events
      .filter((event) => generatedFieldIn(event, generated) !== null)
      .map((event) => completeEvent(db, event, member, value)),
    ...mails
      .filter((letter) => Object.hasOwn(letter, member))
      .map((letter) => completeMail(db, letter, member, value)),
    selectValue(db, value),
  ];
}
