import type { Env } from "../../env.ts";
import { now } from "../../kernel/clock.ts";
import { batch, type Db, openDb } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { keepMail } from "./dev-mail.store.ts";
import { isMailKept } from "./dev-mail.ts";
import { isOpen } from "./invitation.store.ts";
import type { Letter } from "./letter.ts";
import { hasAddress } from "./member.store.ts";
import { ATTEMPTS_MAX, type Held, markFailed, markSent, pauseAfter, take, tidy } from "./outbox.store.ts";
import { render } from "./render.ts";

export type MailEnv = Pick<
  Env,
  "DB" | "EMAIL" | "MAIL_FROM" | "APP_URL" | "DEV_MAIL" | "ISSUER" | "SIGNING_KEYS"
>;

/** Letters that are sent side by side; all of them well within the lease. */
const LETTERS_MAX = 10;
const SENT_WITHIN_MS = 30_000;
/** Letters of one sweep; the next one comes within a minute. */
const SWEPT_MAX = 500;

/** The name that mails come from. */
const SENDER = "Tollgate";

/**
 * Sends letters that wait in the outbox, each on its own account of success. A crash between sending and
 * marking sends one again, at most `ATTEMPTS_MAX` times: at least once, because an invitation that never
 * comes is worse than one that comes twice.
 * @param ids only these; null for all that wait
 * @returns for each letter that failed and will be tried again, the milliseconds until then
 */
export async function deliverWaiting(
  env: MailEnv,
  ids: readonly string[] | null = null,
): Promise<ReadonlyMap<string, number>> {
  const db = openDb(env.DB);
  const pauses = new Map<string, number>();
  for (let count = 0; count < SWEPT_MAX; count += LETTERS_MAX) {
    const held = await take(db, ids, LETTERS_MAX, now());
    for (const { id, pause } of await Promise.all(held.map((one) => deliverOne(env, db, one)))) {
      if (pause !== null) pauses.set(id, pause);
    }
    if (held.length < LETTERS_MAX) break;
  }
  return pauses;
}

/** What the clock starts: sends what a crash left behind, and removes what is past its time. */
export async function sweepMails(env: MailEnv): Promise<void> {
  await deliverWaiting(env);
  await tidy(openDb(env.DB), now());
}

async function deliverOne(env: MailEnv, db: Db, held: Held): Promise<{ id: string; pause: number | null }> {
  try {
    await sendOne(env, db, held);
    return { id: held.id, pause: null };
  } catch (error) {
    const isLast = error instanceof Outdated || held.attempts >= ATTEMPTS_MAX;
    console.error({
      message: isLast ? "a mail is given up" : "a mail is tried again",
      id: held.id,
      attempts: held.attempts,
      error: String(error),
    });
    await batch(db, [markFailed(db, held, String(error), isLast, now())]);
    return { id: held.id, pause: isLast ? null : pauseAfter(held.attempts) };
  }
}

/** It tells of something that is no longer there to be used. */
class Outdated extends Error {}

async function sendOne(env: MailEnv, db: Db, held: Held): Promise<void> {
  const letter = JSON.parse(held.letter) as Letter;
  if ("expiresAt" in letter && letter.expiresAt <= now())
    throw new Outdated("its link expired before it could be sent");
  if (
    letter.template === "invitation" &&
    !(await isOpen(db, letter.invitationId, letter.sendCount, letter.to))
  ) {
    throw new Outdated("the invitation was accepted, taken back or sent again before");
  }
  if (letter.template === "confirm_email" && !(await hasAddress(db, letter.memberId, letter.to)))
    throw new Outdated("the address is no longer that member's");
  const mail = render(letter, env.SIGNING_KEYS, { appUrl: env.APP_URL, issuer: env.ISSUER });
  if (isMailKept(env)) {
    // Kept is sent: nothing leaves this machine, and nothing is sent that is not kept.
    const at = now();
    await batch(db, [
      markSent(db, held, at),
      keepMail(db, { id: newId("mail", at), recipient: letter.to, template: letter.template, ...mail, at }),
    ]);
    return;
  }
  const { subject, text, html, headers } = mail;
  await within(
    env.EMAIL.send({
      from: { email: env.MAIL_FROM, name: SENDER },
      to: letter.to,
      subject,
      text,
      html,
      headers,
    }),
    SENT_WITHIN_MS,
  );
  await batch(db, [markSent(db, held, now())]);
}

/** A sender that hangs would outlast the lease. */
async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not sent within ${ms} ms`)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
