import { iso } from "../kernel/clock.ts";
import { REPLAYED_HEADER } from "../kernel/http/idempotency.ts";
import { invalidField, Problem, restoredProblem } from "../kernel/http/problem.ts";
import { type PostedEntry, type LedgerReply, refusalCodeOf } from "./ledger-entry.ts";
import { spendingCard } from "./credits.card.ts";
import { LOTS_MAX } from "./ledger.ts";
import { periodEnd } from "./spending-limit.ts";
import { message } from "../kernel/messages/message.ts";

export const LOTS_FULL_DETAIL = message("credits.lotsFull", { max: LOTS_MAX });

/**
 * Every "no" of the ledger as the API says it; null for what was done, now or the first time.
 * @throws Problem state/restored, which decides nothing: the same command is asked again later
 */
export function refusalProblemOf(reply: LedgerReply): Problem | null {
  switch (reply.kind) {
    case "key_reused":
      return new Problem("idempotency/mismatch");
    case "subscription_inactive":
      return new Problem("credits/subscription-inactive", {
        extensions: { required: reply.required, ...spendingCard(reply) },
      });
    case "already_expired":
      return invalidField("/expiresAt", message("credits.lotExpiry"));
    case "too_many_lots":
      return invalidField("", LOTS_FULL_DETAIL);
    case "balance_overflow":
      return invalidField("/amount", message("credits.balanceOverflow", { max: Number.MAX_SAFE_INTEGER }));
    case "restored":
      throw restoredProblem();
    case "recorded":
      return recordedRefusalProblem(reply.posted, reply.replayed);
  }
}

/** When a member whose limit is reached may spend again; only for limits with a period. */
function resetTimeOf(outcome: PostedEntry["outcome"], at: number): { readonly resetsAt?: string } {
  const end = outcome.kind === "member_limit_exceeded" ? periodEnd(outcome.limitPeriod, at) : null;
  return end === null ? {} : { resetsAt: iso(end) };
}

function recordedRefusalProblem({ outcome, at }: PostedEntry, replayed: boolean): Problem | null {
  const code = refusalCodeOf(outcome);
  if (code === null || !("required" in outcome)) return null;
  const extensions = { required: outcome.required, ...spendingCard(outcome), ...resetTimeOf(outcome, at) };
  return new Problem(code, {
    recorded: true,
    extensions,
    ...(replayed ? { headers: REPLAYED_HEADER } : {}),
  });
}
