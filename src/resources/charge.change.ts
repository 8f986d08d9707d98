import type { AuditEvent } from "../audit/event.ts";
import { stage, publish } from "../audit/outbox.store.ts";
import type { Reply } from "../credits/entry.ts";
import type { Limit } from "../credits/limit.ts";
import { refused } from "../credits/refusal.ts";
import { accountObject } from "../credits/stub.object.ts";
import { isActive } from "../credits/subscription.ts";
import type { Env } from "../env.ts";
import type { Call } from "../identity/call.ts";
import { batch, type Db, failedGuard, type Statement } from "../kernel/db.ts";
import { REPLAYED } from "../kernel/idempotency.ts";
import type { Answer } from "../kernel/operation.ts";
import { Problem, type ProblemCode } from "../kernel/problem.ts";
import type { ChargeRow } from "../schema/resource.ts";
import { changedId, type PaidChange } from "./charge.ts";
import { CHARGE_KEY, dropCharge, findCharge, insertCharge, payCharge, refuseCharge } from "./charge.store.ts";

/** What a call that costs credits may be refused with, beside its rights. */
export const CHARGE_PROBLEMS: readonly ProblemCode[] = ["credits/subscription-inactive", "credits/insufficient-balance", "credits/member-limit-exceeded"];

export interface Wanted {
  readonly change: PaidChange;
  readonly parentId: string | null;
  /** Credits; 0 is done without the ledger. */
  readonly amount: number;
  /** What the change rests on, asked when it is accepted. */
  readonly guards: readonly Statement[];
  readonly event: AuditEvent;
}

/**
 * A change that costs credits, under one Idempotency-Key from the request to the ledger's entry: it is accepted (D1, guarded
 * by the stamp), paid (the account's object), and only then done (D1). Each step can be repeated: a second call under the same
 * key goes on where the first stopped, and so does the sweep after a crash. The operation's idempotency is "ledger".
 * @throws Problem credits/…, idempotency/mismatch
 */
export async function charged(call: Call, wanted: Wanted, answer: Answer): Promise<Answer> {
  const { accountId, memberId, account, home, member } = call.principal;
  const key = `${memberId}:${call.idempotencyKey()}`;
  const [[known]] = await call.read(findCharge(call.db, accountId, key));
  if (known !== undefined && known.fingerprint !== call.fingerprint()) throw new Problem("idempotency/mismatch");
  if (known?.status === "paid") return { ...(known.answer as Answer), headers: REPLAYED };
  if (known === undefined && !isActive(account.subscription, call.now)) throw new Problem("credits/subscription-inactive", { members: { required: wanted.amount } });
  const row = known ?? await accept(call, wanted, key, answer);
  if (row.status === "paid") return answer;
  // The limit is the member's at home; no right to spend holds below it.
  const limit = { limit: member.creditLimit, limitPeriod: member.limitPeriod };
  const reply = await pay(call.env, row, limit, isActive(account.subscription, call.now) && home.accountId === accountId);
  const refusal = await settle(call.db, call.env.AUDIT, row, reply, call.now, call.defer);
  if (refusal !== null) throw refusal;
  return known === undefined ? answer : { ...(row.answer as Answer), headers: REPLAYED };
}

async function accept(call: Call, { change, parentId, amount, guards, event }: Wanted, key: string, answer: Answer): Promise<ChargeRow> {
  const { accountId, memberId } = call.principal;
  const row: ChargeRow = {
    accountId, key, memberId, status: "pending", fingerprint: call.fingerprint(), amount, description: `${event.action} ${changedId(change)}`,
    resourceId: changedId(change), parentId, change, event, answer: { status: answer.status, body: answer.body }, createdAt: call.now,
  };
  const free = amount === 0;
  await call.commit({
    statements: [...guards, ...insertCharge(call.db, row), ...(free ? payCharge(call.db, row, change, call.now) : [])], events: free ? [event] : [],
    // Somebody was faster under the same key: this call goes on where that one is.
    again: [CHARGE_KEY],
  }, answer);
  return free ? { ...row, status: "paid" } : row;
}

/** The same command however often: the ledger knows it by its key. */
export const pay = (env: Env, { accountId, key, memberId, amount, description, event }: ChargeRow, limit: Limit, subscriptionActive: boolean): Promise<Reply> => {
  const { actor, origin } = event as AuditEvent;
  return accountObject(env, accountId).spend(accountId, { op: "spend", key, memberId, amount, description, subscriptionActive, settles: true, ...limit }, { actor, origin }) as Promise<Reply>;
};

/** Does what is paid for, or notes the refusal; null when it is done, by this call or another. */
export async function settle(db: Db, queue: Queue, row: ChargeRow, reply: Reply, now: number, defer: (work: Promise<unknown>) => void): Promise<Problem | null> {
  const refusal = refused(reply);
  if (refusal !== null) {
    await batch(db, [reply.kind === "key_reused" ? dropCharge(db, row) : refuseCharge(db, row)]);
    return refusal;
  }
  const event = row.event as AuditEvent;
  try {
    await batch(db, [...payCharge(db, row, row.change as PaidChange, now), stage(db, event)]);
    defer(publish(queue, row.accountId, [event]));
  } catch (error) {
    if (failedGuard(error) !== "changed") throw error;
  }
  return null;
}
