import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue } from "../../audit/chain/outbox.store.ts";
import { gatherRefusal } from "../../audit/chain/refusal.store.ts";
import { batch } from "../../kernel/db.ts";
import type { OpenCall } from "./call.ts";
import { requireWithinLimits, countAndCheckLimit } from "./rate-limit.change.ts";
import { clientBucket, RATE_LIMITS } from "./rate-limit.ts";

/**
 * Writes the refusal of a caller who showed a mail, and no credential, into the account's trail. The trail is
 * kept for ever, and such a call costs nothing to repeat. So it counts as a wrong try of the caller, repeats
 * of a minute are gathered, and the rows for one member within a day are limited, from all callers together.
 * @throws Problem quota-exceeded
 */
export async function recordStrangerRefusal(
  call: Pick<OpenCall, "db" | "env" | "now" | "origin" | "defer">,
  event: AuditEvent,
): Promise<void> {
  await requireWithinLimits(call, [RATE_LIMITS.wrongTriesPerClient], clientBucket(call.origin.ip));
  if (
    !(await countAndCheckLimit(call, RATE_LIMITS.refusalsPerMember, event.actor.memberId ?? event.accountId))
  )
    return;
  await batch(call.db, gatherRefusal(call.db, call.env.SIGNING_KEYS, event));
  call.defer(notifyAuditQueue(call.env.AUDIT, event.accountId, [event]));
}
