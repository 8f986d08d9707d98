import type { Env } from "../env.ts";
import { now } from "../kernel/clock.ts";
import { batch, openDb } from "../kernel/db.ts";
import { IDEMPOTENCY_TTL_MS } from "../kernel/http/idempotency.ts";
import { completePendingCharge } from "./charge-payment.change.ts";
import { findPendingBefore, deleteOldCharges } from "./charge.store.ts";

/**
 * Grace period before the sweep takes over. Sweeping earlier is safe (each step is idempotent) but wasteful.
 */
const GRACE_MS = 5_000;
const SWEEP_MAX = 100;

/**
 * Finishes charges that a crash left between acceptance and payment. It gives the same command again: the
 * ledger returns the earlier result, or runs the command now, or refuses it for ever.
 */
export async function sweepCharges(env: Env, olderThanMs: number = GRACE_MS): Promise<void> {
  const db = openDb(env.DB);
  const at = now();
  for (const pending of await findPendingBefore(db, at - olderThanMs + 1, SWEEP_MAX)) {
    const work: Promise<unknown>[] = [];
    try {
      await completePendingCharge(env, db, pending, at, (deferred) => work.push(deferred));
      await Promise.all(work);
    } catch (error) {
      console.error({
        message: "a charge cannot be settled yet",
        accountId: pending.charge.accountId,
        error: String(error),
      });
    }
  }
  if (new Date(at).getUTCMinutes() === 0) await batch(db, [deleteOldCharges(db, at - IDEMPOTENCY_TTL_MS)]);
}
