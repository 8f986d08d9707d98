import { type AccountRow, toSubscription } from "../../accounts/account.card.ts";
import {
  prepareStateChange,
  type RequestedState as WantedState,
} from "../../accounts/account-state.change.ts";
import { CLOCK_SKEW_MAX_MS, isOlder } from "../../accounts/state-order.ts";
import { findStateOrder } from "../../accounts/state-order.store.ts";
import { findTier } from "../../accounts/tiers/tier.store.ts";
import { findAccount } from "../../gate/credentials/account.store.ts";
import type { Call, Results } from "../../gate/calls/call.ts";
import { iso } from "../../kernel/clock.ts";
import type { Statement } from "../../kernel/db.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { TierRow } from "../../kernel/schema/tier.ts";
import type { Done } from "./done.ts";
import type { Wanted } from "./mapping.ts";
import { momentOf, type Place } from "./place.ts";

type Of<Name extends Wanted["action"]> = Extract<Wanted, { action: Name }>;

/**
 * The tenant that a payment is for, with what else is read. Only the platform holds these rights, so no other
 * account's hook comes this far.
 * @throws Problem access/denied, not-found
 */
async function tenant<const T extends readonly Statement[]>(
  call: Call,
  right: "credits.grant" | "account.manage",
  accountId: string,
  ...statements: T
): Promise<[AccountRow, ...Results<T>]> {
  call.requireRight(right);
  const [[row], ...rest] = await call.read(findAccount(call.db, accountId), ...statements);
  if (row === undefined || row.kind === "platform")
    throw new Problem("not-found", { detail: "There is no such account." });
  return [row, ...(rest as unknown as Results<T>)];
}

/**
 * The account's object and D1 are two stores: the delivery is written first, then the credits come, once for
 * each message, and then both get their events.
 */
export async function giveCredits(
  call: Call,
  { accountId, kind, amount }: Of<"grant_credits">,
): Promise<Done> {
  await tenant(call, "credits.grant", accountId);
  const event = call.event(
    "credits.grant",
    { type: "account", id: accountId },
    { changes: { before: {}, after: { amount } } },
  );
  return {
    outcome: "credited",
    change: { statements: [], events: [event] },
    accountId,
    credit: { kind, amount },
  };
}

export const setPlan = (call: Call, { accountId, plan, at }: Of<"set_plan">): Promise<Done> =>
  inOrder(call, accountId, at, "plan_set", null, () => ({ state: "plan", plan }));

export function setSubscription(call: Call, wanted: Of<"set_subscription">): Promise<Done> {
  const { accountId, status, tier: key, currentPeriodEnd, at } = wanted;
  const ends = typeof currentPeriodEnd === "number" ? iso(currentPeriodEnd * 1000) : currentPeriodEnd;
  const subscription = toSubscription({ status, tier: key, currentPeriodEnd: ends });
  return inOrder(call, accountId, at, "subscription_set", key, (tier) => {
    if (key !== null && tier === null) throw invalidField("/tier", "must be a tier of the platform's list");
    return { state: "subscription", subscription, tier };
  });
}

/** Sets a state unless a newer message, or a member of the platform, has set it already. */
async function inOrder(
  call: Call,
  accountId: string,
  at: Place | null,
  outcome: "plan_set" | "subscription_set",
  key: string | null,
  wantedWith: (tier: TierRow | null) => WantedState,
): Promise<Done> {
  const [row, order, [tier = null]] = await tenant(
    call,
    "account.manage",
    accountId,
    findStateOrder(call.db, accountId),
    findTier(call.db, key ?? ""),
  );
  const moment = momentOf(at);
  if (moment.kind === "time" && moment.at > call.now + CLOCK_SKEW_MAX_MS) {
    throw new Problem("conflict/state", {
      detail: "The time of this message is more than five minutes ahead of this gate's clock.",
    });
  }
  const state = outcome === "plan_set" ? "plan" : "subscription";
  if (
    isOlder(
      moment,
      order.find((one) => one.state === state),
    )
  ) {
    return { outcome: "superseded", change: { statements: [], events: [] }, accountId };
  }
  return { outcome, accountId, ...prepareStateChange(call, row, wantedWith(tier), { moment, order }) };
}
