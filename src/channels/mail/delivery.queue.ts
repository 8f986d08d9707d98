import type { Env } from "../../env.ts";
import { now } from "../../kernel/clock.ts";
import { batch, type Db, openDb } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { insertDevMail } from "./dev-mail.store.ts";
import { isDevMailOn } from "./dev-mail.ts";
import { isInvitationOpen } from "./invitation.store.ts";
import type { MailMessage } from "./mail-message.ts";
import { hasCardAddress } from "./member.store.ts";
import {
  ATTEMPTS_MAX,
  type LeasedMail,
  markFailed,
  markSent,
  retryDelayMs,
  leaseMails,
  pruneMails,
} from "./outbox.store.ts";
import { renderMail } from "./render.ts";

export type MailEnv = Pick<
  Env,
  "DB" | "EMAIL" | "MAIL_FROM" | "APP_URL" | "DEV_MAIL" | "ISSUER" | "SIGNING_KEYS"
>;

/** Letters that are sent side by side; all of them well within the lease. */
const BATCH_MAX = 10;
const SEND_TIMEOUT_MS = 30_000;
/** Letters of one sweep; the next one comes within a minute. */
const SWEEP_MAX = 500;

/** The name that mails come from. */
const SENDER = "Tollgate";

/**
 * Sends mails that wait in the outbox, each on its own account of success. A crash between sending and
 * marking sends one again, at most `ATTEMPTS_MAX` times: at least once, because an invitation that never
 * comes is worse than one that comes twice.
 * @param ids only these; null for all that wait
 * @returns for each letter that failed and will be tried again, the milliseconds until then
 */
export async function deliverWaitingMails(
  env: MailEnv,
  ids: readonly string[] | null = null,
): Promise<ReadonlyMap<string, number>> {
  const db = openDb(env.DB);
  const pauses = new Map<string, number>();
  for (let count = 0; count < SWEEP_MAX; count += BATCH_MAX) {
    const held = await leaseMails(db, ids, BATCH_MAX, now());
    for (const { id, pause } of await Promise.all(held.map((one) => deliverOne(env, db, one)))) {
      if (pause !== null) pauses.set(id, pause);
    }
    if (held.length < BATCH_MAX) break;
  }
  return pauses;
}

/** What the clock starts: sends what a crash left behind, and removes what is past its time. */
export async function sweepMails(env: MailEnv): Promise<void> {
  await deliverWaitingMails(env);
  await pruneMails(openDb(env.DB), now());
}

async function deliverOne(
  env: MailEnv,
  db: Db,
  held: LeasedMail,
): Promise<{ id: string; pause: number | null }> {
  try {
    await sendOne(env, db, held);
    return { id: held.id, pause: null };
  } catch (error) {
    const isLast = error instanceof OutdatedMail || held.attempts >= ATTEMPTS_MAX;
    console.error({
      message: isLast ? "a mail is given up" : "a mail is tried again",
      id: held.id,
      attempts: held.attempts,
      error: String(error),
    });
    await batch(db, [markFailed(db, held, String(error), isLast, now())]);
    return { id: held.id, pause: isLast ? null : retryDelayMs(held.attempts) };
  }
}

/** It tells of something that is no longer there to be used. */
class OutdatedMail extends Error {}

async function sendOne(env: MailEnv, db: Db, held: LeasedMail): Promise<void> {
  const letter = JSON.parse(held.letter) as MailMessage;
  if ("expiresAt" in letter && letter.expiresAt <= now())
    throw new OutdatedMail("its link expired before it could be sent");
  if (
    letter.template === "invitation" &&
    !(await isInvitationOpen(db, letter.invitationId, letter.sendCount, letter.to))
  ) {
    throw new OutdatedMail("the invitation was accepted, taken back or sent again before");
  }
  if (letter.template === "confirm_email" && !(await hasCardAddress(db, letter.memberId, letter.to)))
    throw new OutdatedMail("the address is no longer that member's");
  const mail = renderMail(letter, env.SIGNING_KEYS, { appUrl: env.APP_URL, issuer: env.ISSUER });
  if (isDevMailOn(env)) {
    // Kept is sent: nothing leaves this machine, and nothing is sent that is not kept.
    const at = now();
    await batch(db, [
      markSent(db, held, at),
      insertDevMail(db, {
        id: newId("mail", at),
        recipient: letter.to,
        template: letter.template,
        ...mail,
        at,
      }),
    ]);
    return;
  }
  const { subject, text, html, headers } = mail;
  await withTimeout(
    env.EMAIL.send({
      from: { email: env.MAIL_FROM, name: SENDER },
      to: letter.to,
      subject,
      text,
      html,
      headers,
    }),
    SEND_TIMEOUT_MS,
  );
  await batch(db, [markSent(db, held, now())]);
}

/** A sender that hangs would outlast the lease. */
async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not sent within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
