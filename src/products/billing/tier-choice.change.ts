import type { AccountRow } from "../../accounts/account.card.ts";
import { prepareStateChange } from "../../accounts/account-state.change.ts";
import {
  findChoice,
  findTier,
  guardChoice,
  guardTier,
  removeChoice,
  writeChoice,
} from "../../accounts/tiers/tier.store.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { isSubscriptionActive } from "../../credits/subscription.ts";
import { findAccount } from "../../gate/credentials/account.store.ts";
import type { Call, Change, Results } from "../../gate/calls/call.ts";
import { assert } from "../../kernel/assert.ts";
import type { Statement } from "../../kernel/db.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { completeRow, trailCard } from "../../resources/resource.card.ts";
import { findResource, guardResource, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/type.ts";
import { invoice } from "../../resources/types/invoice.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import type { TierChoiceRow, TierRow } from "../../kernel/schema/tier.ts";
import type { Tiers } from "./billing.ts";
import { billOwner } from "./invoice.change.ts";

/** What a choice rests on. */
interface Known {
  readonly account: AccountRow;
  readonly tier: TierRow | undefined;
  readonly choice: TierChoiceRow | undefined;
}

export interface Chosen {
  readonly tiers: Tiers;
  readonly change: Change;
  readonly givesCredits: boolean;
}

const NOTHING: Change = { statements: [], events: [] };

/**
 * One guarded read of the account, the tier that is named, the choice that waits, and what else is asked for:
 * its first row.
 */
export async function loadTiers<const T extends Statement>(
  call: Call,
  key: string | null,
  other: T,
): Promise<Known & { readonly rest: Results<[T]>[0] }> {
  const {
    db,
    principal: { accountId },
  } = call;
  const [[account], [tier], [choice], rest] = await call.read(
    findAccount(db, accountId),
    findTier(db, key ?? ""),
    findChoice(db, accountId),
    other,
  );
  assert(account !== undefined, "a caller's account is there");
  return { account, tier, choice, rest: rest as Results<[T]>[0] };
}

/**
 * What choosing a tier does. Free and selfService: it is in force at once. Else an invoice is written and the
 * choice waits for the platform. The tier that is in force already: the choice that waits is withdrawn.
 * @throws Problem validation, conflict/state
 */
export async function chooseTier(call: Call, { account, tier, choice }: Known, key: string): Promise<Chosen> {
  const { subscription } = account;
  const isInForce = subscription.tier === key && isSubscriptionActive(subscription, call.now);
  if (tier?.key !== key || (!tier.offered && !isInForce))
    throw invalidField("/tier", "must be a tier of GET /v1/tiers");
  const isFree = tier.selfService && tier.price.amount === 0;
  if (!isFree && (isInForce ? choice === undefined : choice?.tier === key)) {
    return { tiers: { tier: subscription.tier, choice }, change: NOTHING, givesCredits: false };
  }
  const withdrawn = await withdraw(call, choice);
  if (isFree) return putInForce(call, account, tier, isInForce, withdrawn);
  if (isInForce) return { tiers: { tier: key, choice: undefined }, change: withdrawn, givesCredits: false };
  return wait(call, subscription.tier, tier, withdrawn);
}

/** In force already: it goes on as it is, and gives the credits of this month if they were not given. */
function putInForce(
  call: Call,
  account: AccountRow,
  tier: TierRow,
  isInForce: boolean,
  withdrawn: Change,
): Chosen {
  if (account.subscription.status === "past_due") {
    throw new Problem("conflict/state", {
      detail: "The subscription is past due. Pay what is open first, or ask the operator of this platform.",
    });
  }
  const subscription = isInForce
    ? account.subscription
    : { status: "active" as const, tier: tier.key, currentPeriodEnd: null };
  const { change, givesCredits } = prepareStateChange(
    call,
    account,
    { state: "subscription", subscription, tier },
    undefined,
    "billing.edit",
  );
  return { tiers: { tier: tier.key, choice: undefined }, change: joined(withdrawn, change), givesCredits };
}

/** The invoice, and the choice that its settlement puts in force. */
function wait(call: Call, current: string | null, tier: TierRow, withdrawn: Change): Chosen {
  const title = `Tier ${tier.names.en}`;
  const bill = billOwner(call, title, tier.price.currency, [
    { description: title, quantity: 1, unitPrice: tier.price.amount },
  ]);
  const { accountId, memberId } = call.principal;
  const choice = { accountId, tier: tier.key, invoiceId: bill.id, chosenBy: memberId, chosenAt: call.now };
  const change = {
    statements: [guardTier(call.db, tier), bill.statement, writeChoice(call.db, choice)],
    events: [bill.event],
  };
  return { tiers: { tier: current, choice }, change: joined(withdrawn, change), givesCredits: false };
}

/** The choice that waits is given up, and its invoice is not asked for any more. */
async function withdraw(call: Call, choice: TierChoiceRow | undefined): Promise<Change> {
  const {
    db,
    principal: { accountId },
  } = call;
  const guards = [guardChoice(db, accountId, choice), removeChoice(db, accountId, null)];
  const [[row]] = await call.read(findResource(db, accountId, invoice.name, choice?.invoiceId ?? ""));
  if (row === undefined || row.status !== "open") return { statements: guards, events: [] };
  const stored = invoice.stored as StoredType;
  const after = completeRow(stored, {
    ...row,
    status: "canceled",
    version: row.version + 1,
    updatedAt: call.now,
  });
  const changes = diffFields(trailCard(stored, row), trailCard(stored, after));
  const event = call.event("invoice.edit", { type: invoice.name, id: row.id }, { changes });
  return { statements: [...guards, guardResource(db, row), updateResource(db, after)], events: [event] };
}

const joined = (one: Change, other: Change): Change => ({
  ...one,
  ...other,
  statements: [...one.statements, ...other.statements],
  events: [...one.events, ...other.events],
});

/** What the end of an invoice does to the choice that it is for. Settled: the tier is in force. */
export async function endChoice(
  call: Call,
  account: AccountRow,
  row: ResourceRow,
  isPaid: boolean,
): Promise<Omit<Chosen, "tiers">> {
  const [[choice]] = await call.read(findChoice(call.db, account.id));
  if (choice?.invoiceId !== row.id) return { change: NOTHING, givesCredits: false };
  const ended = {
    statements: [guardChoice(call.db, account.id, choice), removeChoice(call.db, account.id, null)],
    events: [],
  };
  const [[tier]] = await call.read(findTier(call.db, choice.tier));
  if (!isPaid || tier === undefined) return { change: ended, givesCredits: false };
  const subscription = { status: "active" as const, tier: tier.key, currentPeriodEnd: null };
  const { change, givesCredits } = prepareStateChange(call, account, {
    state: "subscription",
    subscription,
    tier,
  });
  return { change: joined(ended, change), givesCredits };
}
