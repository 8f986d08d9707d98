import { NO_CHANGE } from "../../gate/calls/call.ts";
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
import { fillDerivedColumns, auditCard } from "../../resources/resource.card.ts";
import { findResource, guardResource, updateResource } from "../../resources/resource.store.ts";
import type { StoredType } from "../../resources/resource-type.ts";
import { invoiceType } from "../../resources/types/invoice.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import type { TierChoiceRow, TierRow } from "../../kernel/schema/tier.ts";
import type { TierState } from "./billing.card.ts";
import { prepareOwnerInvoice } from "./invoice.change.ts";
import { message } from "../../kernel/messages/message.ts";

/** What a choice rests on. */
interface LoadedTiers {
  readonly account: AccountRow;
  readonly tier: TierRow | undefined;
  readonly choice: TierChoiceRow | undefined;
}

export interface TierChange {
  readonly tiers: TierState;
  readonly change: Change;
  readonly givesCredits: boolean;
}

/**
 * One guarded read of the account, the tier that is named, the choice that waits, and what else is asked for:
 * its first row.
 */
export async function loadTiers<const T extends Statement>(
  call: Call,
  tierKey: string | null,
  extraStatement: T,
): Promise<LoadedTiers & { readonly rest: Results<[T]>[0] }> {
  const {
    db,
    principal: { accountId },
  } = call;
  const [[account], [tier], [choice], rest] = await call.read(
    findAccount(db, accountId),
    findTier(db, tierKey ?? ""),
    findChoice(db, accountId),
    extraStatement,
  );
  assert(account !== undefined, "a caller's account is there");
  return { account, tier, choice, rest: rest as Results<[T]>[0] };
}

/**
 * What choosing a tier does. Free and selfService: it is in force at once. Else an invoice is written and the
 * choice waits for the platform. The tier that is in force already: the choice that waits is withdrawn.
 * @throws Problem validation, conflict/state
 */
export async function prepareTierChoice(
  call: Call,
  { account, tier, choice }: LoadedTiers,
  tierKey: string,
): Promise<TierChange> {
  const { subscription } = account;
  const isInForce = subscription.tier === tierKey && isSubscriptionActive(subscription, call.now);
  if (tier?.key !== tierKey || (!tier.offered && !isInForce))
    throw invalidField("/tier", message("products.unknownTier"));
  const isFree = tier.selfService && tier.price.amount === 0;
  if (!isFree && (isInForce ? choice === undefined : choice?.tier === tierKey)) {
    return { tiers: { tier: subscription.tier, choice }, change: NO_CHANGE, givesCredits: false };
  }
  const withdrawn = await prepareChoiceWithdrawal(call, choice);
  if (isFree) return prepareTierActivation(call, account, tier, isInForce, withdrawn);
  if (isInForce)
    return { tiers: { tier: tierKey, choice: undefined }, change: withdrawn, givesCredits: false };
  return prepareTierInvoice(call, subscription.tier, tier, withdrawn);
}

/** In force already: it goes on as it is, and gives the credits of this month if they were not given. */
function prepareTierActivation(
  call: Call,
  account: AccountRow,
  tier: TierRow,
  isInForce: boolean,
  withdrawn: Change,
): TierChange {
  if (account.subscription.status === "past_due") {
    throw new Problem("conflict/state", {
      detail: message("products.pastDue"),
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
  return {
    tiers: { tier: tier.key, choice: undefined },
    change: mergeChanges(withdrawn, change),
    givesCredits,
  };
}

/** The invoice, and the choice that its settlement puts in force. */
function prepareTierInvoice(
  call: Call,
  currentTier: string | null,
  tier: TierRow,
  withdrawn: Change,
): TierChange {
  const title = `Tier ${tier.names.en}`;
  const invoiced = prepareOwnerInvoice(call, title, tier.price.currency, [
    { description: title, quantity: 1, unitPrice: tier.price.amount },
  ]);
  const { accountId, memberId } = call.principal;
  const choice = {
    accountId,
    tier: tier.key,
    invoiceId: invoiced.id,
    chosenBy: memberId,
    chosenAt: call.now,
  };
  const change = {
    statements: [guardTier(call.db, tier), invoiced.statement, writeChoice(call.db, choice)],
    events: [invoiced.event],
  };
  return {
    tiers: { tier: currentTier, choice },
    change: mergeChanges(withdrawn, change),
    givesCredits: false,
  };
}

/** The choice that waits is given up, and its invoice is not asked for any more. */
async function prepareChoiceWithdrawal(call: Call, choice: TierChoiceRow | undefined): Promise<Change> {
  const {
    db,
    principal: { accountId },
  } = call;
  const guards = [guardChoice(db, accountId, choice), removeChoice(db, accountId, null)];
  const [[row]] = await call.read(findResource(db, accountId, invoiceType.name, choice?.invoiceId ?? ""));
  if (row === undefined || row.status !== "open") return { statements: guards, events: [] };
  const stored = invoiceType.stored as StoredType;
  const after = fillDerivedColumns(stored, {
    ...row,
    status: "canceled",
    version: row.version + 1,
    updatedAt: call.now,
  });
  const changes = diffFields(auditCard(stored, row), auditCard(stored, after));
  const event = call.event("invoice.edit", { type: invoiceType.name, id: row.id }, { changes });
  return { statements: [...guards, guardResource(db, row), updateResource(db, after)], events: [event] };
}

const mergeChanges = (one: Change, other: Change): Change => ({
  ...one,
  ...other,
  statements: [...one.statements, ...other.statements],
  events: [...one.events, ...other.events],
});

/** What the end of an invoice does to the choice that it is for. Settled: the tier is in force. */
export async function prepareChoiceEnd(
  call: Call,
  account: AccountRow,
  row: ResourceRow,
  isPaid: boolean,
): Promise<Omit<TierChange, "tiers">> {
  const [[choice]] = await call.read(findChoice(call.db, account.id));
  if (choice?.invoiceId !== row.id) return { change: NO_CHANGE, givesCredits: false };
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
  return { change: mergeChanges(ended, change), givesCredits };
}
