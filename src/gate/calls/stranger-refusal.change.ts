import type { AuditEvent } from "../../audit/chain/event.ts";
import { publish } from "../../audit/chain/outbox.store.ts";
import { gather } from "../../audit/chain/refusal.store.ts";
import { batch } from "../../kernel/db.ts";
import type { OpenCall } from "./call.ts";
import { countAsked, isWithin } from "./limit.change.ts";
import { asker, LIMITS } from "./limit.ts";

/**
 * Writes the refusal of a caller who showed a mail, and no credential, into the account's trail. The trail is
 * kept for ever, and such a call costs nothing to repeat. So it counts as a wrong try of the caller, repeats
 * of a minute are gathered, and the rows for one member within a day are limited, from all callers together.
 * @throws Problem quota-exceeded
 */
export async function recordStranger(
  call: Pick<OpenCall, "db" | "env" | "now" | "origin" | "defer">,
  event: AuditEvent,
): Promise<void> {
  await countAsked(call, [LIMITS.wrongFrom], asker(call.origin.ip));
  if (!(await isWithin(call, LIMITS.refusalsOf, event.actor.memberId ?? event.accountId))) return;
  await batch(call.db, gather(call.db, call.env.SIGNING_KEYS, event));
  call.defer(publish(call.env.AUDIT, event.accountId, [event]));
}
