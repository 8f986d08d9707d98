import type { Right } from "../access/right.ts";
import { isSubscriptionActive } from "../credits/subscription.ts";
import type { Call, Change } from "../gate/calls/call.ts";
import type { Statement } from "../kernel/db.ts";
import type { AccountState } from "../kernel/schema/state-order.ts";
import type { TierRow } from "../kernel/schema/tier.ts";
import type { AccountRow } from "./account.card.ts";
import { prepareAccountChange } from "./account.change.ts";
import { isOlder, type Moment, type NewestChange } from "./state-order.ts";
import { writeStateOrder } from "./state-order.store.ts";
import { tierCreditRow } from "./tiers/tier-credit.change.ts";
import { insertTierCredit } from "./tiers/tier-credit.store.ts";
import { guardTier, removeChoice } from "./tiers/tier.store.ts";

/** What is set as a whole. A subscription comes with the tier that it names. */
export type RequestedState =
  | { readonly state: "plan"; readonly plan: AccountRow["plan"] }
  | {
      readonly state: "subscription";
      readonly subscription: AccountRow["subscription"];
      readonly tier: TierRow | null;
    };

/**
 * When it is set, and the newest change of each state that is known. A change by a member needs none: it
 * counts as now.
 */
export interface StatePlace {
  readonly moment: Moment;
  readonly order: readonly (NewestChange & { readonly state: AccountState })[];
}

export const PLACE_NOW: StatePlace = { moment: { kind: "now" }, order: [] };

/** A change that may have credits to give once it is written: `giveTierCredits`. */
export interface StateChange {
  readonly after: AccountRow;
  readonly change: Change;
  readonly givesCredits: boolean;
}

type StateCall = Pick<Call, "db" | "now" | "origin" | "principal" | "event">;

/**
 * Sets the plan or the subscription of an account, for members and for hooks alike: the one way to change
 * either. The caller has checked that the change is not older than the newest; the batch checks it again.
 */
export function prepareStateChange(
  call: StateCall,
  row: AccountRow,
  requested: RequestedState,
  orderPlace: StatePlace = PLACE_NOW,
  action: Right = "account.manage",
): StateChange {
  if (requested.state === "plan") {
    const { after, change } = prepareAccountChange(call, row, { ...row, plan: requested.plan }, action);
    return {
      after,
      change: withStatements(change, writeStateOrder(call.db, row.id, "plan", orderPlace.moment, call.now)),
      givesCredits: false,
    };
  }
  const { subscription, tier } = requested;
  const effects = tierEffects(call, row, requested, orderPlace);
  const { after, change } = prepareAccountChange(
    call,
    row,
    { ...row, subscription, plan: effects.plan },
    action,
  );
  const choice = tier === null ? [] : [guardTier(call.db, tier), removeChoice(call.db, row.id, tier.key)];
  const order = writeStateOrder(call.db, row.id, "subscription", orderPlace.moment, call.now);
  return {
    after,
    change: withStatements(change, [...order, ...choice, ...effects.statements]),
    givesCredits: effects.givesCredits,
  };
}

const withStatements = (change: Change, statements: readonly Statement[]): Change => ({
  ...change,
  statements: [...change.statements, ...statements],
});

/**
 * What a tier brings while its subscription is active: features, unless the plan was set by something newer,
 * and the month's credits.
 */
export function tierEffects(
  call: StateCall,
  row: Pick<AccountRow, "id" | "plan">,
  { subscription, tier }: Extract<RequestedState, { state: "subscription" }>,
  { moment, order }: StatePlace = PLACE_NOW,
) {
  if (tier === null || !isSubscriptionActive(subscription, call.now))
    return { plan: row.plan, statements: [], givesCredits: false };
  const setsPlan =
    Object.keys(tier.features).length > 0 &&
    !isOlder(
      moment,
      order.find(({ state }) => state === "plan"),
    );
  const givesCredits = tier.credits > 0;
  return {
    plan: setsPlan ? { ...row.plan, ...tier.features } : row.plan,
    statements: [
      ...(setsPlan ? writeStateOrder(call.db, row.id, "plan", moment, call.now) : []),
      ...(givesCredits ? [insertTierCredit(call.db, tierCreditRow(call, row.id, tier))] : []),
    ],
    givesCredits,
  };
}
