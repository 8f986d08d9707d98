import type { Right } from "../access/right.ts";
import { isActive } from "../credits/subscription.ts";
import type { Call, Change } from "../gate/calls/call.ts";
import type { Statement } from "../kernel/db.ts";
import type { AccountState } from "../kernel/schema/state-order.ts";
import type { TierRow } from "../kernel/schema/tier.ts";
import type { AccountRow } from "./account.card.ts";
import { changedAccount } from "./account.change.ts";
import { isOlder, type Moment, type Newest } from "./state-order.ts";
import { writeOrder } from "./state-order.store.ts";
import { creditOf } from "./tiers/tier-credit.change.ts";
import { insertTierCredit } from "./tiers/tier-credit.store.ts";
import { guardTier, removeChoice } from "./tiers/tier.store.ts";

/** What is set as a whole. A subscription comes with the tier that it names. */
export type Wanted =
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
export interface Place {
  readonly moment: Moment;
  readonly order: readonly (Newest & { readonly state: AccountState })[];
}

export const NOW: Place = { moment: { kind: "now" }, order: [] };

/** A change that may have credits to give once it is written: `giveTierCredits`. */
export interface StateChange {
  readonly after: AccountRow;
  readonly change: Change;
  readonly givesCredits: boolean;
}

type Changing = Pick<Call, "db" | "now" | "origin" | "principal" | "event">;

/**
 * Sets the plan or the subscription of an account, for members and for hooks alike: the one way to change
 * either. The caller has checked that the change is not older than the newest; the batch checks it again.
 */
export function setState(
  call: Changing,
  row: AccountRow,
  wanted: Wanted,
  place: Place = NOW,
  action: Right = "account.manage",
): StateChange {
  if (wanted.state === "plan") {
    const { after, change } = changedAccount(call, row, { ...row, plan: wanted.plan }, action);
    return {
      after,
      change: withStatements(change, writeOrder(call.db, row.id, "plan", place.moment, call.now)),
      givesCredits: false,
    };
  }
  const { subscription, tier } = wanted;
  const gives = tierEffects(call, row, wanted, place);
  const { after, change } = changedAccount(call, row, { ...row, subscription, plan: gives.plan }, action);
  const choice = tier === null ? [] : [guardTier(call.db, tier), removeChoice(call.db, row.id, tier.key)];
  const order = writeOrder(call.db, row.id, "subscription", place.moment, call.now);
  return {
    after,
    change: withStatements(change, [...order, ...choice, ...gives.statements]),
    givesCredits: gives.givesCredits,
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
  call: Changing,
  row: Pick<AccountRow, "id" | "plan">,
  { subscription, tier }: Extract<Wanted, { state: "subscription" }>,
  { moment, order }: Place = NOW,
) {
  if (tier === null || !isActive(subscription, call.now))
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
      ...(setsPlan ? writeOrder(call.db, row.id, "plan", moment, call.now) : []),
      ...(givesCredits ? [insertTierCredit(call.db, creditOf(call, row.id, tier))] : []),
    ],
    givesCredits,
  };
}
