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
  figuresCard,
  LedgerQuery,
  NewSpend,
  SpendCard,
  spendCard,
  SummaryCard,
} from "./card.ts";
import { refused } from "./refusal.ts";
import { isActive } from "./subscription.ts";
import { accountObject } from "./stub.object.ts";

const limitOf = ({ member }: Principal) => ({ limit: member.creditLimit, limitPeriod: member.limitPeriod });

/**
 * Whether the caller sees what others spend and what the account has. Other callers do not learn the balance.
 */
function seesAll({ principal }: Call): boolean {
  const seen = accessFilter(principal.grantSet, "credits.view");
  return seen.kind === "some" && seen.reach.all;
}

const spend = endpoint(
  {
    method: "POST",
    path: "/v1/credits/spend",
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
    const reply = await accountObject(call.env, accountId).spend(
      accountId,
      {
        op: "spend",
        key,
        memberId,
        amount,
        description,
        ...limitOf(call.principal),
        subscriptionActive: isActive(targetAccount.subscription, call.now),
        settles: false,
      },
      { actor, origin: call.origin, billedTo: targetAccount.ownerMemberId },
    );
    const refusal = refused(reply);
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
    const { balance, available, ...figures } = await accountObject(call.env, accountId).summary(
      accountId,
      memberId,
      limitOf(call.principal),
    );
    // A member who may not spend has nothing to spend, even if the account has credits.
    const { remaining, ...told } = figuresCard(figures);
    return {
      status: 200,
      body: {
        memberId,
        ...told,
        remaining: decide(call.principal.grantSet, "credits.spend").allowed ? remaining : 0,
        ...(seesAll(call) ? { balance, available } : {}),
      },
    };
  },
);

const ledger = endpoint(
  {
    method: "GET",
    path: "/v1/credits/ledger",
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
    const { limit, cursor, memberId: asked } = call.query();
    const from = decodeCursor(cursor, z.int().min(1));
    const { accountId, memberId } = call.principal;
    const all = seesAll(call);
    const own = accessFilter(call.principal.grantSet, "credits.view");
    const mayList = all || (own.kind === "some" && own.reach.own && (asked ?? memberId) === memberId);
    const rows = mayList
      ? await accountObject(call.env, accountId).entries(
          accountId,
          all ? (asked ?? null) : memberId,
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

export const credits: readonly Endpoint[] = [spend, summary, ledger];
