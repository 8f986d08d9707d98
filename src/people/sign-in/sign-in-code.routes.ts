import { z } from "zod";
import { type OpenCall, openEndpoint } from "../../gate/calls/call.ts";
import { languageOf } from "../../gate/calls/language.ts";
import { countInBatch } from "../../gate/calls/rate-limit.change.ts";
import { RATE_LIMITS } from "../../gate/calls/rate-limit.ts";
import { enqueueMails } from "../../gate/calls/mail-quota.change.ts";
import { iso } from "../../kernel/clock.ts";
import { batch, failedGuard, type Statement } from "../../kernel/db.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { signInToken } from "../../channels/mail/one-time-token.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import { LOCALES } from "../../kernel/schema/team.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { CODE_TTL_MS } from "./sign-in-code.ts";
import { requireWithinCodeLimits } from "./sign-in-code.change.ts";
import { type CodeRecipient, findCodeRecipient, insertSignIn } from "./sign-in-code.store.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** Codes that strangers are mailed for each use of an operator link at most. */
const CODES_PER_USE = 5;

const Body = z
  .strictObject({
    email: emailAddress,
    link: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/, ruleText("invitations.linkToken"))
      .optional()
      .describe(
        "The token of an operator link, to join by it with POST /v1/operator-links/join. " +
          "An unknown address is mailed a code for that, and no link.",
      ),
  })
  .meta({ id: "SignInCodeRequest" });

/** Answers and rate limits are the same for every address, so they do not reveal who has an account. */
const requestCode = openEndpoint(
  {
    method: "POST",
    path: "/v1/auth/codes",
    operationId: "requestSignInCode",
    tag: "Sign-in",
    right: "public",
    status: 202,
    summary:
      "Have a code and a link for signing in mailed to an address, if it is known; " +
      "with `link`, a code for joining. Each is good until one is used.",
    body: Body,
    answer: z.object({ expiresAt: z.iso.datetime() }).meta({ id: "MailedCode" }),
    problems: ["quota-exceeded"],
  },
  async (call) => {
    const { email: to, link } = await call.body();
    await requireWithinCodeLimits(call, to);
    const { db, env, now } = call;
    const [address] = await findCodeRecipient(db, to, link === undefined ? "" : sha256Hex(link), now);
    const id = newId("signIn", now);
    const { kid } = signInToken(env.SIGNING_KEYS, null, id);
    const expiresAt = now + CODE_TTL_MS;
    const mails =
      address === undefined ? [] : [codeMail(call, { signInId: id, kid, expiresAt }, to, address)];
    const row = insertSignIn(db, { id, email: to, purpose: "sign_in", kid, expiresAt, createdAt: now });
    if (
      await tryEnqueue(call, [
        row,
        ...enqueueMails(call, mails, null),
        ...mails.flatMap((one) => countLinkCodes(call, one, address)),
      ])
    )
      call.defer(notifyMailQueue(env.MAIL, mails));
    else await batch(db, [row]);
    return { status: 202, body: { expiresAt: iso(expiresAt) } };
  },
);

/**
 * The holder of a link can have mails sent to strangers, so the codes of one link are limited. `enqueueMails`
 * counts the codes to one address.
 */
function countLinkCodes(
  call: OpenCall,
  { template }: MailMessage,
  address: CodeRecipient | undefined,
): Statement[] {
  const link = address?.link ?? null;
  if (template !== "join" || link === null) return [];
  if (link.maxUses === null) return countInBatch(call, RATE_LIMITS.codesPerLink, link.id, "link_codes");
  return countInBatch(
    call,
    { ...RATE_LIMITS.codesPerLink, quota: CODES_PER_USE * link.maxUses },
    link.id,
    "link_codes",
    link.until,
  );
}

/** False if that would be too many mails. Then none goes out, and the answer does not show it. */
async function tryEnqueue(call: OpenCall, statements: readonly Statement[]): Promise<boolean> {
  try {
    await batch(call.db, statements);
    return true;
  } catch (error) {
    if (["link_codes", "recipient_mails"].includes(failedGuard(error) ?? "")) return false;
    throw error;
  }
}

/**
 * In the person's own language, where there is a person or a card. A person who can
 * sign in to any account gets the sign-in mail, also with an operator link: its code does both, and says so.
 * A stranger's code can only join.
 */
function codeMail(
  call: OpenCall,
  code: Pick<MailMessage & { template: "sign_in" }, "signInId" | "kid" | "expiresAt">,
  to: string,
  { isKnown, locale, account }: CodeRecipient,
): MailMessage {
  const [ownLocale, accountLocale] = [locale, account.locale].map(
    (each) => LOCALES.find((one) => one === each) ?? null,
  );
  const mailBase = {
    ...code,
    id: newId("mail", call.now),
    to,
    language: ownLocale ?? languageOf(call.headers.get("accept-language"), [accountLocale ?? null]),
  };
  return isKnown
    ? { ...mailBase, template: "sign_in" }
    : { ...mailBase, template: "join", account: account.name ?? "" };
}

export const codeEndpoints = [requestCode];
