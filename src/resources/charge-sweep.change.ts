import { isActive } from "../credits/subscription.ts";
import type { Env } from "../env.ts";
import { now } from "../kernel/clock.ts";
import { batch, openDb } from "../kernel/db.ts";
import { IDEMPOTENCY_TTL_MS } from "../kernel/idempotency.ts";
import { pay, settle } from "./charge.change.ts";
import { findPending, forgetCharges } from "./charge.store.ts";

/** Calls that are still at it are left alone for so long. */
export const PENDING_MS = 30_000;
const AT_ONCE = 100;

/**
 * Finishes what a crash left between acceptance and payment, by giving the same command again: the ledger answers what it
 * has done, or does it now, or refuses it for ever. Whoever may not act any more pays nothing.
 */
export async function sweepCharges(env: Env, olderThanMs: number = PENDING_MS): Promise<void> {
  const db = openDb(env.DB);
  const at = now();
  for (const { charge, account, member } of await findPending(db, at - olderThanMs + 1, AT_ONCE)) {
    try {
      const limit = member === null ? { limit: 0, limitPeriod: "lifetime" as const } : { limit: member.creditLimit, limitPeriod: member.limitPeriod };
      const reply = await pay(env, charge, limit, member?.status === "active" && isActive(account.subscription, at));
      const work: Promise<unknown>[] = [];
      await settle(db, env.AUDIT, charge, reply, at, (deferred) => work.push(deferred));
      await Promise.all(work);
    } catch (error) {
      console.error({ message: "a charge cannot be settled yet", accountId: charge.accountId, error: String(error) });
    }
  }
  if (new Date(at).getUTCMinutes() === 0) await batch(db, [forgetCharges(db, at - IDEMPOTENCY_TTL_MS)]);
}
