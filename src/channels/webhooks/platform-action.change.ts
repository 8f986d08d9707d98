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
import type { ActionResult } from "./action-result.ts";
import type { ResolvedAction } from "./mapping.ts";
import { momentOf, type MessagePosition } from "./message-position.ts";
import { message } from "../../kernel/messages/message.ts";

type ActionInput<Name extends ResolvedAction["action"]> = Extract<ResolvedAction, { action: Name }>;

/**
 * The tenant that a payment is for, with what else is read. Only the platform holds these rights, so no other
 * account's hook comes this far.
 * @throws Problem access/denied, not-found
 */
async function loadTenantAccount<const T extends readonly Statement[]>(
  call: Call,
  right: "credits.grant" | "account.manage",
  accountId: string,
  ...statements: T
): Promise<[AccountRow, ...Results<T>]> {
  call.requireRight(right);
  const [[row], ...rest] = await call.read(findAccount(call.db, accountId), ...statements);
  if (row === undefined || row.kind === "platform")
    throw new Problem("not-found", { detail: message("webhooks.noSuchAccount") });
  return [row, ...(rest as unknown as Results<T>)];
}

/**
 * The account's object and D1 are two stores: the delivery is written first, then the credits come, once for
 * each message, and then both get their events.
 */
export async function prepareCreditGrant(
  call: Call,
  { accountId, kind, amount }: ActionInput<"grant_credits">,
): Promise<ActionResult> {
  await loadTenantAccount(call, "credits.grant", accountId);
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

export const preparePlanChange = (
  call: Call,
  { accountId, plan, at }: ActionInput<"set_plan">,
): Promise<ActionResult> =>
  prepareOrderedState(call, accountId, at, "plan_set", null, () => ({ state: "plan", plan }));

export function prepareSubscriptionChange(
  call: Call,
  input: ActionInput<"set_subscription">,
): Promise<ActionResult> {
  const { accountId, status, tier: tierKey, currentPeriodEnd, at } = input;
  const periodEnd = typeof currentPeriodEnd === "number" ? iso(currentPeriodEnd * 1000) : currentPeriodEnd;
  const subscription = toSubscription({ status, tier: tierKey, currentPeriodEnd: periodEnd });
  return prepareOrderedState(call, accountId, at, "subscription_set", tierKey, (tier) => {
    if (tierKey !== null && tier === null) throw invalidField("/tier", message("webhooks.unknownTier"));
    return { state: "subscription", subscription, tier };
  });
}

/** Sets a state unless a newer message, or a member of the platform, has set it already. */
async function prepareOrderedState(
  call: Call,
  accountId: string,
  at: MessagePosition | null,
  outcome: "plan_set" | "subscription_set",
  tierKey: string | null,
  stateWith: (tier: TierRow | null) => WantedState,
): Promise<ActionResult> {
  const [row, order, [tier = null]] = await loadTenantAccount(
    call,
    "account.manage",
    accountId,
    findStateOrder(call.db, accountId),
    findTier(call.db, tierKey ?? ""),
  );
  const moment = momentOf(at);
  if (moment.kind === "time" && moment.at > call.now + CLOCK_SKEW_MAX_MS) {
    throw new Problem("conflict/state", {
      detail: message("webhooks.fromFuture"),
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
  return { outcome, accountId, ...prepareStateChange(call, row, stateWith(tier), { moment, order }) };
}
