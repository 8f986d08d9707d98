import type { Expression, GuardName, Statement } from "../../kernel/db.ts";
import type { Problem } from "../../kernel/http/problem.ts";
import { budgetOf } from "../../channels/mail/budget.ts";
import type { Letter } from "../../channels/mail/letter.ts";
import { isPosted, post } from "../../channels/mail/outbox.store.ts";
import { accountMailQuota, findMailQuota } from "../credentials/account.store.ts";
import type { OpenCall } from "./call.ts";
import { type Tallied, talliedFor } from "./limit.change.ts";
import { LIMITS, tooMany, windowEnd } from "./limit.ts";
import { count, countIf, guardCount, isUsedUp } from "./tally.store.ts";

type Asked = Pick<OpenCall, "db" | "env" | "now">;

/** The account whose member caused the letters. */
export interface Sender {
  readonly accountId: string;
  readonly kind: string;
}

interface Counted extends Tallied {
  readonly name: GuardName;
  readonly quota: number | Expression;
}

/**
 * Quotas of a recipient, for mails from all accounts together, and of the account that sends. The platform
 * has no quota as a sender, because it founds accounts by the hundred.
 */
const quotasOf = (call: Asked, to: string, sender: Sender | null): Counted[] => [
  { ...talliedFor(call, LIMITS.mailsTo, to), name: "recipient_mails", quota: LIMITS.mailsTo.quota },
  ...(sender === null || sender.kind === "platform"
    ? []
    : [
        {
          ...talliedFor(call, LIMITS.mailsOf, sender.accountId),
          name: "account_mails" as const,
          quota: accountMailQuota(sender.accountId, LIMITS.mailsOf.quota),
        },
      ]),
];

/**
 * Writes letters into the outbox, counted in the same batch by what limits them (`budgetOf`). Fails under
 * "recipient_mails" or "account_mails" when a letter is over a quota that the change itself is refused for.
 * @param sender null where no member caused them
 */
export const postLetters = (call: Asked, letters: readonly Letter[], sender: Sender | null): Statement[] =>
  letters.flatMap((letter) => postOne(call, letter, sender));

function postOne(call: Asked, letter: Letter, sender: Sender | null): Statement[] {
  const { db, now } = call;
  const budget = budgetOf(letter);
  switch (budget) {
    case "reader":
      return post(db, letter, now);
    case "change":
      return [
        ...post(db, letter, now),
        ...quotasOf(call, letter.to, sender).flatMap(({ name, subject, window, quota }) => [
          count(db, subject, window),
          guardCount(db, name, subject, window, quota),
        ]),
      ];
    case "notice":
      return postWithin(call, letter, quotasOf(call, letter.to, sender));
    case "security":
      return postSecurity(call, letter);
  }
}

function postSecurity(call: Asked, letter: Letter): Statement[] {
  if (letter.template !== "security" || letter.isConfirmed) return post(call.db, letter, call.now);
  const { securityTo } = LIMITS;
  return postWithin(call, letter, [
    { ...talliedFor(call, securityTo, `${letter.to} ${letter.kind}`), quota: securityTo.quota },
  ]);
}

/**
 * Over one of the quotas the letter is kept as failed, is never sent and counts for none of them. The batch
 * goes on.
 */
const postWithin = (
  { db, now }: Asked,
  letter: Letter,
  quotas: readonly Omit<Counted, "name">[],
): Statement[] => [
  ...post(
    db,
    letter,
    now,
    quotas.map(({ subject, window, quota }) => isUsedUp(subject, window, quota)),
  ),
  ...quotas.map(({ subject, window }) => countIf(db, subject, window, isPosted(letter))),
];

/** The answer when `postLetters` failed the batch; null when something else failed it. */
export async function mailRefusal(
  { db, now }: Pick<Asked, "db" | "now">,
  failed: GuardName | null,
  { accountId }: Pick<Sender, "accountId">,
): Promise<Problem | null> {
  if (failed === "recipient_mails") {
    const detail = "This address was sent too many mails at the wish of others today.";
    return tooMany(LIMITS.mailsTo, windowEnd(LIMITS.mailsTo, now), now, detail);
  }
  if (failed !== "account_mails") return null;
  const [row] = await findMailQuota(db, accountId, LIMITS.mailsOf.quota);
  const limit = { ...LIMITS.mailsOf, quota: row?.quota ?? LIMITS.mailsOf.quota };
  const detail = "Your account sent as many mails today as it may. The platform can raise this quota.";
  return tooMany(limit, windowEnd(limit, now), now, detail);
}
