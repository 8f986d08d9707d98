import type { Expression, GuardName, Statement } from "../../kernel/db.ts";
import type { Problem } from "../../kernel/http/problem.ts";
import { quotaPolicyOf } from "../../channels/mail/quota-policy.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { isEnqueued, enqueueMail } from "../../channels/mail/outbox.store.ts";
import { accountMailQuota, findMailQuota } from "../credentials/account.store.ts";
import type { OpenCall } from "./call.ts";
import { type CounterKey, counterKeyFor } from "./rate-limit.change.ts";
import { RATE_LIMITS, quotaExceeded, windowEnd } from "./rate-limit.ts";
import { incrementCounter, incrementCounterIf, guardCounter, isQuotaUsedUp } from "./rate-counter.store.ts";
import { message } from "../../kernel/messages/message.ts";

type QuotaContext = Pick<OpenCall, "db" | "env" | "now">;

/** The account whose member caused the mails. */
export interface MailSender {
  readonly accountId: string;
  readonly kind: string;
}

interface QuotaCounter extends CounterKey {
  readonly name: GuardName;
  readonly quota: number | Expression;
}

/**
 * Quotas of a recipient, for mails from all accounts together, and of the account that sends. The platform
 * has no quota as a sender, because it founds accounts by the hundred.
 */
const quotasOf = (call: QuotaContext, to: string, sender: MailSender | null): QuotaCounter[] => [
  {
    ...counterKeyFor(call, RATE_LIMITS.mailsPerEmail, to),
    name: "recipient_mails",
    quota: RATE_LIMITS.mailsPerEmail.quota,
  },
  ...(sender === null || sender.kind === "platform"
    ? []
    : [
        {
          ...counterKeyFor(call, RATE_LIMITS.mailsPerAccount, sender.accountId),
          name: "account_mails" as const,
          quota: accountMailQuota(sender.accountId, RATE_LIMITS.mailsPerAccount.quota),
        },
      ]),
];

/**
 * Writes mails into the outbox, counted in the same batch by what limits them (`quotaPolicyOf`). Fails under
 * "recipient_mails" or "account_mails" when a letter is over a quota that the change itself is refused for.
 * @param sender null where no member caused them
 */
export const enqueueMails = (
  call: QuotaContext,
  mails: readonly MailMessage[],
  sender: MailSender | null,
): Statement[] => mails.flatMap((letter) => enqueueOne(call, letter, sender));

function enqueueOne(call: QuotaContext, letter: MailMessage, sender: MailSender | null): Statement[] {
  const { db, now } = call;
  const budget = quotaPolicyOf(letter);
  switch (budget) {
    case "reader":
      return enqueueMail(db, letter, now);
    case "change":
      return [
        ...enqueueMail(db, letter, now),
        ...quotasOf(call, letter.to, sender).flatMap(({ name, subject, window, quota }) => [
          incrementCounter(db, subject, window),
          guardCounter(db, name, subject, window, quota),
        ]),
      ];
    case "notice":
      return enqueueWithinQuotas(call, letter, quotasOf(call, letter.to, sender));
    case "security":
      return enqueueSecurityMail(call, letter);
  }
}

function enqueueSecurityMail(call: QuotaContext, letter: MailMessage): Statement[] {
  if (letter.template !== "security" || letter.isConfirmed) return enqueueMail(call.db, letter, call.now);
  const { securityMailsPerEmail } = RATE_LIMITS;
  return enqueueWithinQuotas(call, letter, [
    {
      ...counterKeyFor(call, securityMailsPerEmail, `${letter.to} ${letter.kind}`),
      quota: securityMailsPerEmail.quota,
    },
  ]);
}

/**
 * Over one of the quotas the letter is kept as failed, is never sent and counts for none of them. The batch
 * goes on.
 */
const enqueueWithinQuotas = (
  { db, now }: QuotaContext,
  letter: MailMessage,
  quotas: readonly Omit<QuotaCounter, "name">[],
): Statement[] => [
  ...enqueueMail(
    db,
    letter,
    now,
    quotas.map(({ subject, window, quota }) => isQuotaUsedUp(subject, window, quota)),
  ),
  ...quotas.map(({ subject, window }) => incrementCounterIf(db, subject, window, isEnqueued(letter))),
];

/** The answer when `enqueueMails` failed the batch; null when something else failed it. */
export async function loadMailQuotaProblem(
  { db, now }: Pick<QuotaContext, "db" | "now">,
  failed: GuardName | null,
  { accountId }: Pick<MailSender, "accountId">,
): Promise<Problem | null> {
  if (failed === "recipient_mails") {
    const detail = message("request.recipientMails");
    return quotaExceeded(RATE_LIMITS.mailsPerEmail, windowEnd(RATE_LIMITS.mailsPerEmail, now), now, detail);
  }
  if (failed !== "account_mails") return null;
  const [row] = await findMailQuota(db, accountId, RATE_LIMITS.mailsPerAccount.quota);
  const limit = { ...RATE_LIMITS.mailsPerAccount, quota: row?.quota ?? RATE_LIMITS.mailsPerAccount.quota };
  const detail = message("request.accountMails");
  return quotaExceeded(limit, windowEnd(limit, now), now, detail);
}
