import { z } from "zod";
import { decide, accessFilter } from "../access/decision.ts";
import { type Call, endpoint, type Endpoint } from "../gate/calls/call.ts";
import type { Principal } from "../gate/principals/principal.ts";
import { assert } from "../kernel/assert.ts";
import { REPLAYED_HEADER } from "../kernel/http/idempotency.ts";
import { decodeCursor, toPage, pageSchema } from "../kernel/http/page.ts";
import {
  EntryCard,
  entryCard,
  spendingCard,
  LedgerQuery,
  NewSpend,
  SpendCard,
  spendCard,
  SummaryCard,
} from "./credits.card.ts";
import { refusalProblemOf } from "./ledger-refusal.ts";
import { isSubscriptionActive } from "./subscription.ts";
import { accountObjectOf } from "./account-stub.object.ts";

const spendingLimitOf = ({ member }: Principal) => ({
  limit: member.creditLimit,
  limitPeriod: member.limitPeriod,
});

/**
 * Whether the caller sees what others spend and what the account has. Other callers do not learn the balance.
 */
function canSeeAllCredits({ principal }: Call): boolean {
  const filter = accessFilter(principal.grantSet, "credits.view");
  return filter.kind === "some" && filter.reach.all;
}

const spend = endpoint(
  {
    method: "POST",
    path: "/v1/credits/spend",
    operationId: "spendCredits",
    tag: "Credits",
    right: "credits.spend",
    status: 201,
    summary: "Spend credits of the account, within the member's own limit.",
    body: NewSpend,
    answer: SpendCard,
    idempotency: "ledger",
    problems: [
      "credits/subscription-inactive",
      "credits/insufficient-balance",
      "credits/member-limit-exceeded",
    ],
  },
  async (call) => {
    // The stamp is confirmed first: limit, subscription and rights are then those of this moment.
    await call.read();
    call.requireRight("credits.spend");
    const key = `${call.principal.memberId}:${call.idempotencyKey()}`;
    const { amount, description } = await call.body();
    const { accountId, memberId, targetAccount, actor } = call.principal;
    const reply = await accountObjectOf(call.env, accountId).spend(
      accountId,
      {
        op: "spend",
        key,
        memberId,
        amount,
        description,
        ...spendingLimitOf(call.principal),
        subscriptionActive: isSubscriptionActive(targetAccount.subscription, call.now),
        settles: false,
      },
      { actor, origin: call.origin, billedTo: targetAccount.ownerMemberId },
    );
    const refusal = refusalProblemOf(reply);
    if (refusal !== null) throw refusal;
    assert(reply.kind === "recorded", "what is not refused is recorded");
    return {
      status: 201,
      body: spendCard(reply.posted),
      ...(reply.replayed ? { headers: REPLAYED_HEADER } : {}),
    };
  },
);

const summary = endpoint(
  {
    method: "GET",
    path: "/v1/credits",
    operationId: "getCreditSummary",
    tag: "Credits",
    right: "credits.view",
    status: 200,
    summary:
      "What the caller has spent and may still spend; " +
      "and what the account has, for those who see all of it. " +
      "The right credits.spend is enough for one's own numbers.",
    answer: SummaryCard,
  },
  async (call) => {
    await call.read();
    if (!decide(call.principal.grantSet, "credits.spend").allowed) call.requireRight("credits.view");
    const { accountId, memberId } = call.principal;
    const { balance, available, ...figures } = await accountObjectOf(call.env, accountId).summary(
      accountId,
      memberId,
      spendingLimitOf(call.principal),
    );
    // A member who may not spend has nothing to spend, even if the account has credits.
    const { remaining, ...ownFigures } = spendingCard(figures);
    return {
      status: 200,
      body: {
        memberId,
        ...ownFigures,
        remaining: decide(call.principal.grantSet, "credits.spend").allowed ? remaining : 0,
        ...(canSeeAllCredits(call) ? { balance, available } : {}),
      },
    };
  },
);

const ledger = endpoint(
  {
    method: "GET",
    path: "/v1/credits/ledger",
    operationId: "listLedgerEntries",
    tag: "Credits",
    right: "credits.view",
    status: 200,
    summary: "What moved credits, the newest first: all of the account, or what the caller spent.",
    query: LedgerQuery,
    answer: pageSchema(EntryCard),
  },
  async (call) => {
    await call.read();
    call.requireRight("credits.view");
    const { limit, cursor, memberId: memberFilter } = call.query();
    const from = decodeCursor(cursor, z.int().min(1));
    const { accountId, memberId } = call.principal;
    const all = canSeeAllCredits(call);
    const visibleSpending = accessFilter(call.principal.grantSet, "credits.view");
    const mayList =
      all ||
      (visibleSpending.kind === "some" &&
        visibleSpending.reach.own &&
        (memberFilter ?? memberId) === memberId);
    const rows = mayList
      ? await accountObjectOf(call.env, accountId).entries(
          accountId,
          all ? (memberFilter ?? null) : memberId,
          from,
          limit + 1,
        )
      : [];
    return {
      status: 200,
      body: toPage(
        rows,
        limit,
        (row) => entryCard(row, all),
        (row) => row.seq,
      ),
    };
  },
);

export const creditsEndpoints: readonly Endpoint[] = [spend, summary, ledger];
