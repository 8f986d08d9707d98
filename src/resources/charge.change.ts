import type { AuditEvent } from "../audit/chain/event.ts";
import { isSubscriptionActive } from "../credits/subscription.ts";
import type { Call } from "../gate/calls/call.ts";
import { claimIdempotencyKey } from "../gate/calls/idempotency.store.ts";
import { assert } from "../kernel/assert.ts";
import type { Statement } from "../kernel/db.ts";
import { REPLAYED_HEADER } from "../kernel/http/idempotency.ts";
import type { Answer } from "../kernel/http/operation.ts";
import { Problem, type ProblemCode } from "../kernel/http/problem.ts";
import type { ChargeRow } from "../kernel/schema/resource.ts";
import { changedId, type PaidChange } from "./charge.ts";
import { finish } from "./charge-payment.change.ts";
import { CHARGE_KEY, findCharge, insertCharge, payCharge } from "./charge.store.ts";

/** Why a call that costs credits may be refused, in addition to missing rights. */
export const CHARGE_PROBLEMS: readonly ProblemCode[] = [
  "credits/subscription-inactive",
  "credits/insufficient-balance",
  "credits/member-limit-exceeded",
];

export interface Wanted {
  readonly change: PaidChange;
  readonly parentId: string | null;
  /** Credits; 0 needs no ledger. */
  readonly amount: number;
  /** Preconditions of the change, checked when it is accepted. */
  readonly guards: readonly Statement[];
  readonly event: AuditEvent;
}

const keyOf = ({ principal }: Call, key: string): string => `${principal.memberId}:${key}`;

/**
 * What an earlier call under the same Idempotency-Key has begun. It is read with the objects of the call,
 * before the key is required.
 */
export const findBegun = (call: Call) =>
  findCharge(call.db, call.principal.accountId, keyOf(call, call.peekIdempotencyKey() ?? ""));

/**
 * Goes on where an earlier call under the same key stopped. Null: there was none. Asked as soon as rights are
 * decided: a paid charge is answered again, also when the object has changed since.
 * @param known what `findBegun` found
 * @throws Problem credits/…, idempotency/mismatch
 */
export async function resume(call: Call, known: ChargeRow | undefined): Promise<Answer | null> {
  if (known === undefined) return null;
  if (!call.isSameCommand(known.fingerprint)) throw new Problem("idempotency/mismatch");
  if (known.status !== "paid") await finish(call, known);
  return { ...(known.answer as Answer), headers: REPLAYED_HEADER };
}

/**
 * Makes a change that costs credits, under one Idempotency-Key from the request to the ledger's entry. Three
 * steps: accept (D1, guarded by the stamp), pay (the account's object), apply (D1). Each step can be
 * repeated: by a second call under the same key (`resume`), by the next call that changes the same object,
 * and by the sweep after a crash. The operation's idempotency is "ledger". The event of the change holds the
 * cost; the ledger's own event holds only the new balance.
 * @throws Problem credits/…
 */
export async function charged(call: Call, wanted: Wanted, answer: Answer): Promise<Answer> {
  const { change, amount, guards, event } = wanted;
  if (!isSubscriptionActive(call.principal.targetAccount.subscription, call.now))
    throw new Problem("credits/subscription-inactive", { extensions: { required: amount } });
  assert(
    change.kind !== "insert" || change.row.uniqueKey === null,
    "what is unique may be taken by the time it is paid",
  );
  const free = amount === 0;
  const row = chargeRow(call, wanted, answer);
  await call.commit(
    {
      statements: [
        ...guards,
        ...claimIdempotencyKey(call.db, {
          principal: row.memberId,
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
      // Another call under the same key was faster: this call goes on where that one is.
      retryOnDuplicate: [CHARGE_KEY],
    },
    answer,
  );
  if (!free) await finish(call, row);
  return answer;
}

function chargeRow(call: Call, { change, parentId, amount, event }: Wanted, answer: Answer): ChargeRow {
  const { accountId, memberId } = call.principal;
  return {
    accountId,
    key: keyOf(call, call.idempotencyKey()),
    memberId,
    status: "pending",
    fingerprint: call.fingerprint(),
    amount,
    description: `${event.action} ${changedId(change)}`,
    resourceId: changedId(change),
    parentId,
    change,
    event: amount === 0 ? event : { ...event, cost: amount },
    answer: { status: answer.status, body: answer.body },
    createdAt: call.now,
  };
}
