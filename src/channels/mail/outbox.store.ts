import { and, eq, isNull, lt, sql } from "drizzle-orm";
import { now } from "../../kernel/clock.ts";
import { batch, type Db, type Expression, type Statement } from "../../kernel/db.ts";
import { mailOutbox } from "../../kernel/schema/mail.ts";
import { gatherKey } from "./quota-policy.ts";
import type { MailMessage } from "./mail-message.ts";

/** Tries that one letter gets; after the last it is kept with its reason and sent no more. */
export const ATTEMPTS_MAX = 6;
/**
 * A sender has a letter for so long; one that has not come back by then has crashed, and the letter is tried
 * again.
 */
export const LEASE_MS = 120_000;
/** Sent mails are kept so that support can look them up. Failed mails are kept longer. */
export const SENT_TTL_MS = 7 * 24 * 60 * 60 * 1000;
export const FAILED_TTL_MS = 30 * 24 * 60 * 60 * 1000;

/** After a letter leaves, those of the same kind to the same member wait for so long and become one. */
export const GATHER_WINDOW_MS = 60_000;
/** Why a notice was not sent. */
export const OVER_QUOTA = "over the quota of mails";

/** Milliseconds until the next try. @param attempts made so far */
export const retryDelayMs = (attempts: number): number => 15_000 * 2 ** attempts;

/**
 * Goes into the batch of the change that it reports: no change without its mail, and no mail without its
 * change.
 * @param at milliseconds since the epoch
 * @param exceededQuotas conditions of which each keeps the letter from being sent
 */
export function enqueueMail(
  db: Db,
  mail: MailMessage,
  at: number,
  exceededQuotas: readonly Expression[] = [],
): Statement[] {
  const gather = gatherKey(mail);
  const isOver =
    exceededQuotas.length === 0
      ? sql`0`
      : sql.join(
          exceededQuotas.map((one) => sql`(${one})`),
          sql` OR `,
        );
  // Another letter of the same key that no sender has taken yet.
  const waiting = sql`gather = ${gather} AND attempts = 0 AND sent_at IS NULL AND failed_at IS NULL
    AND not_before > ${at}`;
  const notBefore =
    gather === null
      ? sql`${mail.notBefore ?? 0}`
      : sql`coalesce((SELECT max(max(created_at, not_before)) + ${GATHER_WINDOW_MS} FROM mail_outbox
        WHERE gather = ${gather} AND failed_at IS NULL), 0)`;
  return [
    ...(mail.template === "access_changed" ? [mergeActor(db, mail.by, waiting)] : []),
    db.run(sql`INSERT INTO mail_outbox (id, letter, gather, not_before, created_at, failed_at, error)
      SELECT ${mail.id}, ${JSON.stringify(mail)}, ${gather}, ${notBefore}, ${at},
        iif(${isOver}, ${at}, NULL), iif(${isOver}, ${OVER_QUOTA}, NULL)
      ${gather === null ? sql`` : sql`WHERE NOT EXISTS (SELECT 1 FROM mail_outbox WHERE ${waiting})`}`),
  ];
}

/** A letter about changes of several members names none of them. */
const mergeActor = (db: Db, by: string | null, waiting: Expression): Statement =>
  db.run(sql`UPDATE mail_outbox
    SET letter = json_set(letter, '$.by', iif(letter->>'by' = ${by}, letter->>'by', NULL))
    WHERE ${waiting}`);

/** Whether this batch wrote the letter as one to be sent: neither over a quota nor gathered into another. */
export const isEnqueued = ({ id }: MailMessage): Expression =>
  sql`EXISTS (SELECT 1 FROM mail_outbox WHERE id = ${id} AND failed_at IS NULL)`;

/** Writes into a letter what only its batch knows. */
export const completeMail = (db: Db, { id }: MailMessage, field: string, value: Expression): Statement =>
  db
    .update(mailOutbox)
    .set({ letter: sql`json_set(${mailOutbox.letter}, ${`$.${field}`}, ${value})` })
    .where(eq(mailOutbox.id, id));

/** Says that mails wait. Never throws: the sweep finds in the outbox what the queue did not take. */
export async function notifyMailQueue(queue: Queue, mails: readonly MailMessage[]): Promise<void> {
  for (const { id, notBefore = 0 } of mails) {
    try {
      await queue.send({ id }, { delaySeconds: Math.max(0, Math.ceil((notBefore - now()) / 1000)) });
    } catch (error) {
      console.error({ message: "a mail waits for the sweep", id, error: String(error) });
    }
  }
}

/** A letter that this sender alone has until `heldUntil`. */
export interface LeasedMail {
  readonly id: string;
  /** JSON of a `Letter`. */
  readonly letter: string;
  /** This one included. */
  readonly attempts: number;
  readonly heldUntil: number;
}

/**
 * Takes waiting mails, the oldest first, in one statement: two senders never have the same. @param ids only
 * these; null for any
 */
export async function leaseMails(
  db: Db,
  ids: readonly string[] | null,
  limit: number,
  at: number,
): Promise<LeasedMail[]> {
  const filter = ids === null ? sql`1` : sql`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  return db.all<LeasedMail>(sql`
    UPDATE mail_outbox SET held_until = ${at + LEASE_MS}, attempts = attempts + 1
    WHERE id IN (SELECT id FROM mail_outbox
      WHERE sent_at IS NULL AND failed_at IS NULL AND held_until <= ${at} AND not_before <= ${at}
        AND attempts < ${ATTEMPTS_MAX} AND ${filter}
      ORDER BY created_at LIMIT ${limit})
    RETURNING id, letter, attempts, held_until AS "heldUntil"`);
}

/** What was sent is never sent again. */
export const markSent = (db: Db, { id }: LeasedMail, at: number): Statement =>
  db
    .update(mailOutbox)
    .set({ sentAt: at, error: null })
    .where(and(eq(mailOutbox.id, id), isNull(mailOutbox.sentAt)));

/**
 * Gives the letter back for a later try, or for none when `isLast`. Another sender that has it meanwhile
 * keeps it.
 */
export const markFailed = (
  db: Db,
  { id, heldUntil, attempts }: LeasedMail,
  reason: string,
  isLast: boolean,
  at: number,
): Statement =>
  db
    .update(mailOutbox)
    .set({
      error: reason.slice(0, 500),
      heldUntil: at + retryDelayMs(attempts),
      failedAt: isLast ? at : null,
    })
    .where(and(eq(mailOutbox.id, id), isNull(mailOutbox.sentAt), eq(mailOutbox.heldUntil, heldUntil)));

/** Letters to an address that some sender has at this moment. */
export async function countLeased(db: Db, to: string | null, at: number): Promise<number> {
  const [row] = await db.all<{ n: number }>(sql`
    SELECT COUNT(*) AS n FROM mail_outbox
    WHERE sent_at IS NULL AND failed_at IS NULL AND error IS NULL AND held_until > ${at}
      AND (${to} IS NULL OR letter->>'to' = ${to})`);
  return row?.n ?? 0;
}

/**
 * Gives up mails whose last sender never came back, and removes what is past its time. @param at
 * milliseconds since the epoch
 */
export async function pruneMails(db: Db, at: number): Promise<void> {
  await batch(db, [
    db.run(sql`UPDATE mail_outbox SET failed_at = ${at}, error = COALESCE(error, 'no sender came back')
      WHERE sent_at IS NULL AND failed_at IS NULL AND created_at <= ${at} AND held_until <= ${at}
        AND attempts >= ${ATTEMPTS_MAX}`),
    // By the index of their age: neither is older than its time by much.
    db
      .delete(mailOutbox)
      .where(and(lt(mailOutbox.createdAt, at - SENT_TTL_MS), lt(mailOutbox.sentAt, at - SENT_TTL_MS))),
    db
      .delete(mailOutbox)
      .where(and(lt(mailOutbox.createdAt, at - FAILED_TTL_MS), lt(mailOutbox.failedAt, at - FAILED_TTL_MS))),
  ]);
}
