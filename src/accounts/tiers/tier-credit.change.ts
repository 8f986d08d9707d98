import type { EntryContext } from "../../credits/ledger-entry.ts";
import { refusalProblemOf } from "../../credits/ledger-refusal.ts";
import { accountObjectOf } from "../../credits/account-stub.object.ts";
import type { Env } from "../../env.ts";
import type { Call } from "../../gate/calls/call.ts";
import { now } from "../../kernel/clock.ts";
import { batch, type Db, openDb } from "../../kernel/db.ts";
import type { TierCreditRow, TierRow } from "../../kernel/schema/tier.ts";
import { findDueCredits, findDueCreditsOf, markGiven, markTried } from "./tier-credit.store.ts";

/** Grace period before the sweep takes over. */
const GRACE_MS = 5_000;
const SWEEP_MAX = 100;

/**
 * The month's credits of a tier, as they are to be given once. Tiers that members put in force themselves
 * share one place in each month, so that changing between them gives nothing more.
 */
export function tierCreditRow(
  call: Pick<Call, "now" | "origin" | "principal">,
  accountId: string,
  tier: TierRow,
): TierCreditRow {
  const month = new Date(call.now).toISOString().slice(0, 7);
  const context: EntryContext = { actor: call.principal.actor, origin: call.origin };
  return {
    accountId,
    period: `${tier.selfService ? "free" : `tier:${tier.key}`}:${month}`,
    amount: tier.credits,
    context,
    createdAt: call.now,
    triedAt: 0,
    givenAt: null,
  };
}

/** Gives what is due to an account. What fails stays due, and the sweep tries it again. */
export async function giveTierCredits(env: Env, db: Db, accountId: string): Promise<void> {
  for (const row of await findDueCreditsOf(db, accountId)) await tryGive(env, db, row);
}

export async function sweepTierCredits(env: Env, olderThanMs: number = GRACE_MS): Promise<void> {
  const db = openDb(env.DB);
  for (const row of await findDueCredits(db, now() - olderThanMs + 1, SWEEP_MAX)) await tryGive(env, db, row);
}

/** Every step can be repeated: the ledger knows the command by its key. */
async function tryGive(env: Env, db: Db, row: TierCreditRow): Promise<void> {
  const { accountId, amount, period } = row;
  const command = {
    op: "grant" as const,
    key: `credits of ${period}`,
    kind: "subscription" as const,
    amount,
    priority: 100,
    effectiveAt: null,
    expiresAt: null,
  };
  try {
    await batch(db, [markTried(db, row, now())]);
    const problem = refusalProblemOf(
      await accountObjectOf(env, accountId).grant(accountId, command, row.context as EntryContext),
    );
    // The ledger gave to this period under other terms, before the database was put back: it is not given to
    // again.
    if (problem !== null && problem.code !== "idempotency/mismatch") throw problem;
    await batch(db, [markGiven(db, row, now())]);
  } catch (error) {
    console.error({ message: "credits of a tier cannot be given yet", accountId, error: String(error) });
  }
}
