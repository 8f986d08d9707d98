import { iso } from "../kernel/clock.ts";
import { REPLAYED_HEADER } from "../kernel/http/idempotency.ts";
import { invalidField, Problem, restoredProblem } from "../kernel/http/problem.ts";
import { type Posted, type Reply, refusalOf } from "./entry.ts";
import { figuresCard } from "./card.ts";
import { LOTS_MAX } from "./ledger.ts";
import { periodEnd } from "./limit.ts";

export const LOTS_FULL =
  `The account has ${LOTS_MAX} lots of different terms that still hold credits: ` +
  "give more when one of them is empty or over.";

/**
 * Every "no" of the ledger as the API says it; null for what was done, now or the first time.
 * @throws Problem state/restored, which decides nothing: the same command is asked again later
 */
export function refused(reply: Reply): Problem | null {
  switch (reply.kind) {
    case "key_reused":
      return new Problem("idempotency/mismatch");
    case "subscription_inactive":
      return new Problem("credits/subscription-inactive", {
        extensions: { required: reply.required, ...figuresCard(reply) },
      });
    case "already_expired":
      return invalidField("/expiresAt", "must be in the future, and after effectiveAt");
    case "too_many_lots":
      return invalidField("", LOTS_FULL);
    case "balance_overflow":
      return invalidField("/amount", `would take the balance past ${Number.MAX_SAFE_INTEGER}`);
    case "restored":
      throw restoredProblem();
    case "recorded":
      return recordedRefusal(reply.posted, reply.replayed);
  }
}

/** When a member whose limit is reached may spend again; only for limits with a period. */
function resetOf(outcome: Posted["outcome"], at: number): { readonly resetsAt?: string } {
  const end = outcome.kind === "member_limit_exceeded" ? periodEnd(outcome.limitPeriod, at) : null;
  return end === null ? {} : { resetsAt: iso(end) };
}

function recordedRefusal({ outcome, at }: Posted, replayed: boolean): Problem | null {
  const code = refusalOf(outcome);
  if (code === null || !("required" in outcome)) return null;
  const members = { required: outcome.required, ...figuresCard(outcome), ...resetOf(outcome, at) };
  return new Problem(code, {
    recorded: true,
    extensions: members,
    ...(replayed ? { headers: REPLAYED_HEADER } : {}),
  });
}
