import type { AuditEvent } from "../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../audit/chain/outbox.store.ts";
import type { PaidFor, LedgerReply } from "../credits/ledger-entry.ts";
import type { SpendingLimit } from "../credits/spending-limit.ts";
import { refusalProblemOf } from "../credits/ledger-refusal.ts";
import { accountObjectOf } from "../credits/account-stub.object.ts";
import { isSubscriptionActive } from "../credits/subscription.ts";
import type { Env } from "../env.ts";
import type { Call } from "../gate/calls/call.ts";
import { WriteConflict } from "../gate/calls/turn.ts";
import { batch, type Db, failedGuard } from "../kernel/db.ts";
import { isId } from "../kernel/id.ts";
import type { Problem } from "../kernel/http/problem.ts";
import type { ChargeRow } from "../kernel/schema/resource.ts";
import type { PaidChange } from "./charge.ts";
import {
  deleteCharge,
  findPendingOnObject,
  payCharge,
  type PendingCharge,
  refuseCharge,
} from "./charge.store.ts";

/**
 * A change of the same object that is accepted and not paid comes first; then the caller reads again. The
 * call that made that change probably still runs, so the first round only waits for its turn. A later round
 * finishes what a crash left behind.
 * @throws Met
 */
export async function completeOtherCharges(call: Call, resourceId: string): Promise<never> {
  if (call.runNumber === 1) throw new WriteConflict(call.conflictPlace);
  for (const pendingCharge of await findPendingOnObject(call.db, resourceId))
    await completePendingCharge(call.env, call.db, pendingCharge, call.now, (work) => call.defer(work));
  throw new WriteConflict(call.conflictPlace);
}

/** Pays a charge and does its change, for the caller. @throws Problem credits/…, idempotency/mismatch */
export async function completeCharge(call: Call, row: ChargeRow): Promise<void> {
  const { accountId, targetAccount, ownAccount, member } = call.principal;
  // The limit is the member's at home; no right to spend holds below it.
  const limit = { limit: member.creditLimit, limitPeriod: member.limitPeriod };
  const reply = await payFromLedger(
    call.env,
    row,
    targetAccount.ownerMemberId,
    limit,
    isSubscriptionActive(targetAccount.subscription, call.now) && ownAccount.accountId === accountId,
  );
  const problem = await applyOrReject(call.db, call.env, row, reply, call.now, (work) => call.defer(work));
  if (problem !== null) throw problem;
}

/**
 * The same for a charge that another call left, decided by what the account and the member are now. A member
 * who may not act any more pays nothing.
 */
export async function completePendingCharge(
  env: Env,
  db: Db,
  { charge, account, member }: PendingCharge,
  at: number,
  defer: Call["defer"],
): Promise<void> {
  const limit = {
    limit: member?.creditLimit ?? null,
    limitPeriod: member?.limitPeriod ?? ("lifetime" as const),
  };
  const reply = await payFromLedger(
    env,
    charge,
    account.ownerMemberId,
    limit,
    member?.status === "active" && isSubscriptionActive(account.subscription, at),
  );
  const change = charge.change as PaidChange;
  // The member is gone: what they paid for goes to the account's owner.
  const ownedChange =
    member === null && change.kind === "insert"
      ? { ...change, row: { ...change.row, ownerId: account.ownerMemberId } }
      : change;
  await applyOrReject(db, env, { ...charge, change: ownedChange }, reply, at, defer);
}

/**
 * Can be repeated: the ledger knows the command by its key. An entry that another command made under this key
 * is no payment of this charge.
 */
async function payFromLedger(
  env: Env,
  { accountId, key, memberId, amount, description, event }: ChargeRow,
  billedTo: string,
  limit: SpendingLimit,
  subscriptionActive: boolean,
): Promise<LedgerReply> {
  const { actor, origin, cost } = event as AuditEvent;
  const command = {
    op: "spend" as const,
    key,
    memberId,
    amount,
    description,
    subscriptionActive,
    settles: true,
    ...limit,
  };
  const reply = (await accountObjectOf(env, accountId).spend(accountId, command, {
    actor,
    origin,
    billedTo,
    ...(cost === null ? {} : { paysFor: toPaidFor(event as AuditEvent) }),
  })) as LedgerReply;
  return reply.kind === "recorded" && reply.posted.context.origin.requestId !== origin.requestId
    ? { kind: "key_reused" }
    : reply;
}

/**
 * The id of a new object leads nowhere before it is paid, so a refusal names the objects it would belong to.
 */
const toPaidFor = ({ action, resource, changes }: AuditEvent): PaidFor => ({
  action,
  resource,
  of: Object.fromEntries(
    Object.entries(changes?.after ?? {}).filter(
      (one): one is [string, string] => typeof one[1] === "string" && isId(one[1]),
    ),
  ),
});

/** Does what is paid for, or notes the refusal; null when it is done, by this call or another. */
async function applyOrReject(
  db: Db,
  env: Env,
  row: ChargeRow,
  reply: LedgerReply,
  now: number,
  defer: Call["defer"],
): Promise<Problem | null> {
  const problem = refusalProblemOf(reply);
  if (problem !== null) {
    await batch(db, [reply.kind === "key_reused" ? deleteCharge(db, row) : refuseCharge(db, row)]);
    return problem;
  }
  const event = row.event as AuditEvent;
  try {
    await batch(db, [
      ...payCharge(db, row, row.change as PaidChange, now),
      stageEvent(db, env.SIGNING_KEYS, event),
    ]);
    defer(notifyAuditQueue(env.AUDIT, row.accountId, [event]));
  } catch (error) {
    if (failedGuard(error) !== "changed") throw error;
  }
  return null;
}
