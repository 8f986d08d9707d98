import { findAccount } from "../gate/credentials/account.store.ts";
import { endpoint, type Endpoint } from "../gate/calls/call.ts";
import { assert } from "../kernel/assert.ts";
import { REPLAYED_HEADER } from "../kernel/http/idempotency.ts";
import { Problem } from "../kernel/http/problem.ts";
import { BalanceCard, GrantCard, grantCard, NewGrant } from "./credits.card.ts";
import { refusalProblemOf } from "./ledger-refusal.ts";
import { accountObjectOf } from "./account-stub.object.ts";

/** Only the platform holds `credits.grant`: no account makes its own credits. */
const grant = endpoint(
  {
    method: "POST",
    path: "/v1/accounts/:id/credits",
    operationId: "grantCredits",
    tag: "Platform",
    right: "credits.grant",
    status: 201,
    summary: "Give credits to an account.",
    body: NewGrant,
    answer: GrantCard,
    idempotency: "ledger",
  },
  async (call) => {
    const accountId = call.params["id"] ?? "";
    const [[account]] = await call.read(findAccount(call.db, accountId));
    call.requireRight("credits.grant");
    if (account === undefined) throw new Problem("not-found");
    const { memberId, actor } = call.principal;
    const key = `${memberId}:${call.idempotencyKey()}`;
    const reply = await accountObjectOf(call.env, accountId).grant(
      accountId,
      { op: "grant", key, ...(await call.body()) },
      { actor, origin: call.origin },
    );
    const refusal = refusalProblemOf(reply);
    if (refusal !== null) throw refusal;
    assert(reply.kind === "recorded", "what is not refused is recorded");
    const answer = { status: 201, body: grantCard(accountId, reply.posted) };
    if (reply.replayed) return { ...answer, headers: REPLAYED_HEADER };
    // The entry is in the trail of the account; the platform's own trail says who of its members gave it.
    const event = call.event(
      "credits.grant",
      { type: "account", id: accountId },
      { changes: { before: {}, after: { entryId: reply.posted.id, amount: reply.posted.amount } } },
    );
    await call.record(event);
    return answer;
  },
);

const balance = endpoint(
  {
    method: "GET",
    path: "/v1/accounts/:id/credits",
    operationId: "getCreditBalance",
    tag: "Platform",
    right: "credits.grant",
    status: 200,
    summary: "What an account has.",
    answer: BalanceCard,
  },
  async (call) => {
    const accountId = call.params["id"] ?? "";
    const [[account]] = await call.read(findAccount(call.db, accountId));
    call.requireRight("credits.grant");
    if (account === undefined) throw new Problem("not-found");
    const { balance: balanceNow, available } = await accountObjectOf(call.env, accountId).summary(
      accountId,
      call.principal.memberId,
      { limit: null, limitPeriod: "lifetime" },
    );
    return { status: 200, body: { accountId, balance: balanceNow, available } };
  },
);

export const creditGrantEndpoints: readonly Endpoint[] = [grant, balance];
