import type { AuditEvent } from "../audit/event.ts";
import { stage, publish } from "../audit/outbox.store.ts";
import type { PaidFor, Reply } from "../credits/entry.ts";
import type { Limit } from "../credits/limit.ts";
import { refused } from "../credits/refusal.ts";
import { accountObject } from "../credits/stub.object.ts";
import { isActive } from "../credits/subscription.ts";
import type { Env } from "../env.ts";
import type { Call } from "../identity/call.ts";
import { claimKey } from "../identity/idempotency.store.ts";
import { Met } from "../identity/turn.ts";
import { assert } from "../kernel/assert.ts";
import { batch, type Db, failedGuard, type Statement } from "../kernel/db.ts";
import { isId } from "../kernel/id.ts";
import { REPLAYED } from "../kernel/idempotency.ts";
import type { Answer } from "../kernel/operation.ts";
import { Problem, type ProblemCode } from "../kernel/problem.ts";
import type { ChargeRow } from "../schema/resource.ts";
import { changedId, type PaidChange } from "./charge.ts";
import {
  CHARGE_KEY,
  dropCharge,
  findCharge,
  findPendingOn,
  insertCharge,
  payCharge,
  type Pending,
  refuseCharge,
} from "./charge.store.ts";

/** What a call that costs credits may be refused with, beside its rights. */
export const CHARGE_PROBLEMS: readonly ProblemCode[] = [
  "credits/subscription-inactive",
  "credits/insufficient-balance",
  "credits/member-limit-exceeded",
];

export interface Wanted {
  readonly change: PaidChange;
  readonly parentId: string | null;
  /** Credits; 0 is done without the ledger. */
  readonly amount: number;
  /** What the change rests on, asked when it is accepted. */
  readonly guards: readonly Statement[];
  readonly event: AuditEvent;
}

const keyOf = (call: Call): string => `${call.principal.memberId}:${call.idempotencyKey()}`;

/**
 * Goes on where an earlier call under the same key stopped; null where there was none. Asked as soon as
 * rights are decided: what was paid for is answered again, whatever the object has become since.
 * @throws Problem credits/…, idempotency/mismatch
 */
export async function resume(call: Call): Promise<Answer | null> {
  const [[known]] = await call.read(findCharge(call.db, call.principal.accountId, keyOf(call)));
  if (known === undefined) return null;
  if (!call.isSameCommand(known.fingerprint)) throw new Problem("idempotency/mismatch");
  if (known.status !== "paid") await finish(call, known);
  return { ...(known.answer as Answer), headers: REPLAYED };
}

/**
 * A change that costs credits, under one Idempotency-Key from the request to the ledger's entry: it is
 * accepted (D1, guarded by the stamp), paid (the account's object), and only then done (D1). Each step can be
 * repeated, by a second call under the same key (`resume`), by the next who changes the same object, and by
 * the sweep after a crash. The operation's idempotency is "ledger". The cost stands in the event of the
 * change, and the ledger's own event says only what became of the balance.
 * @throws Problem credits/…
 */
export async function charged(
  call: Call,
  { change, parentId, amount, guards, event }: Wanted,
  answer: Answer,
): Promise<Answer> {
  const { accountId, memberId, account } = call.principal;
  if (!isActive(account.subscription, call.now))
    throw new Problem("credits/subscription-inactive", { members: { required: amount } });
  assert(
    change.kind !== "insert" || change.row.uniqueKey === null,
    "what is unique may be taken by the time it is paid",
  );
  const free = amount === 0;
  const row: ChargeRow = {
    accountId,
    key: keyOf(call),
    memberId,
    status: "pending",
    fingerprint: call.fingerprint(),
    amount,
    description: `${event.action} ${changedId(change)}`,
    resourceId: changedId(change),
    parentId,
    change,
    event: free ? event : { ...event, cost: amount },
    answer: { status: answer.status, body: answer.body },
    createdAt: call.now,
  };
  await call.commit(
    {
      statements: [
        ...guards,
        ...claimKey(call.db, {
          principal: memberId,
          key: call.idempotencyKey(),
          fingerprint: row.fingerprint,
          status: answer.status,
          body: {},
          createdAt: call.now,
        }),
        ...insertCharge(call.db, row),
        ...(free ? payCharge(call.db, row, change, call.now) : []),
      ],
      events: free ? [event] : [],
      // Somebody was faster under the same key: this call goes on where that one is.
      again: [CHARGE_KEY],
    },
    answer,
  );
  if (!free) await finish(call, row);
  return answer;
}

/**
 * Another change of the object that is accepted and not paid comes first; then all is read anew. Its own call
 * is most likely still at it: this one waits for its turn, and finishes in its turn what a crash left behind.
 * @throws Met
 */
export async function finishOthers(call: Call, resourceId: string): Promise<never> {
  if (call.round === 1) throw new Met(call.place);
  for (const other of await findPendingOn(call.db, resourceId))
    await finishPending(call.env, call.db, other, call.now, (work) => call.defer(work));
  throw new Met(call.place);
}

/** @throws Problem credits/…, idempotency/mismatch */
async function finish(call: Call, row: ChargeRow): Promise<void> {
  const { accountId, account, home, member } = call.principal;
  // The limit is the member's at home; no right to spend holds below it.
  const limit = { limit: member.creditLimit, limitPeriod: member.limitPeriod };
  const reply = await pay(
    call.env,
    row,
    account.ownerMemberId,
    limit,
    isActive(account.subscription, call.now) && home.accountId === accountId,
  );
  const refusal = await settle(call.db, call.env, row, reply, call.now, (work) => call.defer(work));
  if (refusal !== null) throw refusal;
}

/**
 * The same for whoever finds it, by what account and member are by now. Whoever may not act any more pays
 * nothing.
 */
export async function finishPending(
  env: Env,
  db: Db,
  { charge, account, member }: Pending,
  at: number,
  defer: Call["defer"],
): Promise<void> {
  const limit = {
    limit: member?.creditLimit ?? null,
    limitPeriod: member?.limitPeriod ?? ("lifetime" as const),
  };
  const reply = await pay(
    env,
    charge,
    account.ownerMemberId,
    limit,
    member?.status === "active" && isActive(account.subscription, at),
  );
  const change = charge.change as PaidChange;
  // What a member who is gone has paid for falls to the account's owner.
  const left =
    member === null && change.kind === "insert"
      ? { ...change, row: { ...change.row, ownerId: account.ownerMemberId } }
      : change;
  await settle(db, env, { ...charge, change: left }, reply, at, defer);
}

/**
 * The same command however often: the ledger knows it by its key. An entry that another command made under it
 * is none of this one's.
 */
async function pay(
  env: Env,
  { accountId, key, memberId, amount, description, event }: ChargeRow,
  billedTo: string,
  limit: Limit,
  subscriptionActive: boolean,
): Promise<Reply> {
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
  const reply = (await accountObject(env, accountId).spend(accountId, command, {
    actor,
    origin,
    billedTo,
    ...(cost === null ? {} : { paysFor: paidFor(event as AuditEvent) }),
  })) as Reply;
  return reply.kind === "recorded" && reply.posted.context.origin.requestId !== origin.requestId
    ? { kind: "key_reused" }
    : reply;
}

/**
 * An object that is yet to be made has no id that leads anywhere, so a refusal names what it would have
 * belonged to.
 */
const paidFor = ({ action, resource, changes }: AuditEvent): PaidFor => ({
  action,
  resource,
  of: Object.fromEntries(
    Object.entries(changes?.after ?? {}).filter(
      (one): one is [string, string] => typeof one[1] === "string" && isId(one[1]),
    ),
  ),
});

/** Does what is paid for, or notes the refusal; null when it is done, by this call or another. */
async function settle(
  db: Db,
  env: Env,
  row: ChargeRow,
  reply: Reply,
  now: number,
  defer: Call["defer"],
): Promise<Problem | null> {
  const refusal = refused(reply);
  if (refusal !== null) {
    await batch(db, [reply.kind === "key_reused" ? dropCharge(db, row) : refuseCharge(db, row)]);
    return refusal;
  }
  const event = row.event as AuditEvent;
  try {
    await batch(db, [
      ...payCharge(db, row, row.change as PaidChange, now),
      stage(db, env.SIGNING_KEYS, event),
    ]);
    defer(publish(env.AUDIT, row.accountId, [event]));
  } catch (error) {
    if (failedGuard(error) !== "changed") throw error;
  }
  return null;
}
