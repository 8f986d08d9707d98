import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Env } from "../../env.ts";
import { validate } from "../../kernel/http/validate.ts";
import { iso, now } from "../../kernel/clock.ts";
import { openDb } from "../../kernel/db.ts";
import { decodeCursor, listQuery, toPage } from "../../kernel/http/page.ts";
import { deliverWaitingMails } from "./delivery.queue.ts";
import { isDevMailOn } from "./dev-mail.ts";
import { findDevMail, type DevMail, listDevMails } from "./dev-mail.store.ts";
import { escapeHtml } from "./layout.ts";
import { countLeased } from "./outbox.store.ts";

type MailContext = Context<{ Bindings: Env }>;

const Query = z.strictObject({ to: z.string().trim().toLowerCase().max(254).optional(), ...listQuery });

/**
 * The local mailbox. No part of the API, so no part of its description: where mails are not kept, these paths
 * are unknown.
 */
export const devMailPages = new Hono<{ Bindings: Env }>();

devMailPages.get("/dev/mail", async (c) => {
  if (!isDevMailOn(c.env)) return c.notFound();
  const { to = null, limit, cursor } = validate(Query, c.req.query(), "query");
  await deliverAll(c.env, to);
  const before = decodeCursor(cursor, z.string());
  const { data, nextCursor } = toPage(
    await listDevMails(openDb(c.env.DB), to, before, limit + 1),
    limit,
    mailCard,
    ({ id }) => id,
  );
  return wantsPage(c) ? htmlResponse(mailListHtml(data)) : c.json({ data, nextCursor });
});

devMailPages.get("/dev/mail/:id", async (c) => {
  const mail = isDevMailOn(c.env) ? await findDevMail(openDb(c.env.DB), c.req.param("id")) : null;
  if (mail === null) return c.notFound();
  return wantsPage(c) ? htmlResponse(mail.html) : c.json(mailCard(mail));
});

/**
 * Sends the waiting mails, and waits for those that another sender has now: after a change, the reader finds
 * its mails.
 */
async function deliverAll(env: Env, to: string | null): Promise<void> {
  await deliverWaitingMails(env);
  for (let round = 0; round < 100 && (await countLeased(openDb(env.DB), to, now())) > 0; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const mailCard = ({ id, recipient, template, subject, text, html, at, link, code }: DevMail) => ({
  id,
  to: recipient,
  template,
  subject,
  text,
  html,
  at: iso(at),
  link,
  code,
});

const wantsPage = (c: MailContext): boolean => (c.req.header("accept") ?? "").includes("text/html");

/**
 * Sandboxed: a mail is a stranger's text, and nothing in it may run or fetch. Its links open in a window of
 * their own.
 */
const htmlResponse = (html: string): Response =>
  new Response(html, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; " +
        "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox " +
        "allow-top-navigation-by-user-activation",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
    },
  });

const mailListHtml = (mails: readonly ReturnType<typeof mailCard>[]): string =>
  [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8"><title>Local mailbox</title></head>',
    '<body style="font-family:system-ui,sans-serif;margin:24px"><h1>Local mailbox</h1>',
    mails.length === 0
      ? "<p>No mail yet.</p>"
      : '<table cellpadding="6"><tr><th align="left">When</th>' +
        '<th align="left">To</th><th align="left">Subject</th></tr>',
    ...mails.map(
      ({ id, to, subject, at }) =>
        `<tr><td>${at}</td><td>${escapeHtml(to)}</td>` +
        `<td><a href="/dev/mail/${id}">${escapeHtml(subject)}</a></td></tr>`,
    ),
    mails.length === 0 ? "" : "</table>",
    "</body></html>",
  ].join("\n");
