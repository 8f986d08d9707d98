import { changedAccount } from "../accounts/account.change.ts";
import { type AccountRow, toSubscription } from "../accounts/account.card.ts";
import { findAccount } from "../identity/account.store.ts";
import type { Call } from "../identity/call.ts";
import { iso } from "../kernel/clock.ts";
import { Problem } from "../kernel/problem.ts";
import type { Done } from "./done.ts";
import type { Wanted } from "./mapping.ts";

type Of<Name extends Wanted["action"]> = Extract<Wanted, { action: Name }>;

/** The tenant that a payment is for. Only the platform holds these rights, so no other account's hook comes this far. @throws Problem access/denied, not-found */
async function tenant(call: Call, right: "credits.grant" | "account.manage", accountId: string): Promise<AccountRow> {
  call.decide(right);
  const [[row]] = await call.read(findAccount(call.db, accountId));
  if (row === undefined || row.kind === "platform") throw new Problem("not-found", { detail: "There is no such account." });
  return row;
}

/** The account's object and D1 are two: the delivery is written first, then the credits come, once for each message, and then both are told. */
export async function giveCredits(call: Call, { accountId, kind, amount }: Of<"grant_credits">): Promise<Done> {
  await tenant(call, "credits.grant", accountId);
  const event = call.event("credits.grant", { type: "account", id: accountId }, { changes: { before: {}, after: { amount } } });
  return { outcome: "credited", change: { statements: [], events: [event] }, accountId, credit: { kind, amount } };
}

export async function setPlan(call: Call, { accountId, plan }: Of<"set_plan">): Promise<Done> {
  const row = await tenant(call, "account.manage", accountId);
  return { outcome: "plan_set", change: changedAccount(call, row, { ...row, plan }, "account.manage").change, accountId };
}

export async function setSubscription(call: Call, { accountId, status, tier, currentPeriodEnd }: Of<"set_subscription">): Promise<Done> {
  const row = await tenant(call, "account.manage", accountId);
  const ends = typeof currentPeriodEnd === "number" ? iso(currentPeriodEnd * 1000) : currentPeriodEnd;
  const subscription = toSubscription({ status, tier, currentPeriodEnd: ends });
  return { outcome: "subscription_set", change: changedAccount(call, row, { ...row, subscription }, "account.manage").change, accountId };
}
