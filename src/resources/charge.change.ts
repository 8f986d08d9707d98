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
import { completeCharge } from "./charge-payment.change.ts";
import { chargeKey } from "./charge-key.load.ts";
import { CHARGE_KEY_COLUMNS, insertCharge, payCharge } from "./charge.store.ts";

/** Why a call that costs credits may be refused, in addition to missing rights. */
export const CHARGE_PROBLEMS: readonly ProblemCode[] = [
  "credits/subscription-inactive",
  "credits/insufficient-balance",
  "credits/member-limit-exceeded",
];

export interface ChargeRequest {
  readonly change: PaidChange;
  readonly parentId: string | null;
  /** Credits; 0 needs no ledger. */
  readonly amount: number;
  /** Preconditions of the change, checked when it is accepted. */
  readonly guards: readonly Statement[];
  readonly event: AuditEvent;
}

/**
 * Goes on where an earlier call under the same key stopped. Null: there was none. Asked as soon as rights are
 * decided: a paid charge is answered again, also when the object has changed since.
 * @param earlierCharge what `findEarlierCharge` found
 * @throws Problem credits/…, idempotency/mismatch
 */
export async function resumeCharge(call: Call, earlierCharge: ChargeRow | undefined): Promise<Answer | null> {
  if (earlierCharge === undefined) return null;
  if (!call.isSameCommand(earlierCharge.fingerprint)) throw new Problem("idempotency/mismatch");
  if (earlierCharge.status !== "paid") await completeCharge(call, earlierCharge);
  return { ...(earlierCharge.answer as Answer), headers: REPLAYED_HEADER };
}

/**
 * Makes a change that costs credits, under one Idempotency-Key from the request to the ledger's entry. Three
 * steps: accept (D1, guarded by the stamp), pay (the account's object), apply (D1). Each step can be
 * repeated: by a second call under the same key (`resumeCharge`), by the next call that changes the same
 * object, and by the sweep after a crash. The operation's idempotency is "ledger". The event of the change
 * holds the cost; the ledger's own event holds only the new balance.
 * @throws Problem credits/…
 */
export async function chargeAndApply(call: Call, request: ChargeRequest, answer: Answer): Promise<Answer> {
  const { change, amount, guards, event } = request;
  if (!isSubscriptionActive(call.principal.targetAccount.subscription, call.now))
    throw new Problem("credits/subscription-inactive", { extensions: { required: amount } });
  assert(
    change.kind !== "insert" || change.row.uniqueKey === null,
    "what is unique may be taken by the time it is paid",
  );
  const isFree = amount === 0;
  const row = chargeRow(call, request, answer);
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
        ...(isFree ? payCharge(call.db, row, change, call.now) : []),
      ],
      events: isFree ? [event] : [],
      // Another call under the same key was faster: this call goes on where that one is.
      retryOnDuplicate: [CHARGE_KEY_COLUMNS],
    },
    answer,
  );
  if (!isFree) await completeCharge(call, row);
  return answer;
}

function chargeRow(
  call: Call,
  { change, parentId, amount, event }: ChargeRequest,
  answer: Answer,
): ChargeRow {
  const { accountId, memberId } = call.principal;
  return {
    accountId,
    key: chargeKey(call, call.idempotencyKey()),
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
