import type { GuardName, Statement } from "../kernel/db.ts";
import type { Problem } from "../kernel/problem.ts";
import type { Letter } from "../mail/letter.ts";
import type { Call } from "./call.ts";
import { countWithin } from "./limit.change.ts";
import { LIMITS, tooMany, windowEnd } from "./limit.ts";

/** Mails that somebody is sent because another wanted it. Who asks for a sign-in code is nobody yet: that is limited at its own door. */
const isCausedByOthers = (letter: Letter): boolean =>
  letter.template === "invitation" || letter.template === "confirm_email" || letter.template === "api_key" || (letter.template === "change_email" && letter.to === letter.email);

/**
 * Counts in the batch of the letters, so that what was not sent is not counted and many at once are no way round. One recipient is one for all
 * accounts; the platform, which founds accounts by the hundred, is not limited as a sender. Fails under "recipient_mails" or "account_mails".
 */
export const countMails = (call: Pick<Call, "db" | "env" | "now" | "principal">, letters: readonly Letter[]): Statement[] =>
  letters.filter(isCausedByOthers).flatMap(({ to }) => [
    ...countWithin(call, LIMITS.mailsTo, to, "recipient_mails"),
    ...(call.principal.home.kind === "platform" ? [] : countWithin(call, LIMITS.mailsOf, call.principal.home.accountId, "account_mails")),
  ]);

/** What a caller is told when `countMails` failed the batch; null when it was something else. */
export function mailRefusal(failed: GuardName | null, now: number): Problem | null {
  if (failed === "recipient_mails") return tooMany(LIMITS.mailsTo, windowEnd(LIMITS.mailsTo, now), now, "This address was sent too many mails at the wish of others today.");
  if (failed === "account_mails") return tooMany(LIMITS.mailsOf, windowEnd(LIMITS.mailsOf, now), now, "Your account sent as many mails today as it may.");
  return null;
}
