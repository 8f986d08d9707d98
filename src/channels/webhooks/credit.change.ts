import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { LOTS_FULL_DETAIL, refusalProblemOf } from "../../credits/ledger-refusal.ts";
import { accountObjectOf } from "../../credits/account-stub.object.ts";
import type { Env } from "../../env.ts";
import type { Call } from "../../gate/calls/call.ts";
import { assert } from "../../kernel/assert.ts";
import { now } from "../../kernel/clock.ts";
import { batch, type Db, failedGuard, openDb, type Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { DeliveryRow, HookCreditRow } from "../../kernel/schema/hook.ts";
import type { HookCredit } from "./hook-credit.ts";
import {
  endCredit,
  findDeliveryCredit,
  findDueCredits,
  findDeliveryById,
  postponeCredit,
} from "./credit.store.ts";
import type { Outcome } from "./delivery.card.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * Grace period before the sweep takes over. Sweeping earlier is safe (each step is idempotent) but wasteful.
 */
const GRACE_MS = 5_000;
const SWEEP_MAX = 100;
/**
 * Between two tries for credits that the account has no room for: as long as they have waited, within these.
 */
const RETRY_MIN_MS = 60_000;
const RETRY_MAX_MS = 3_600_000;

/**
 * Gives what was accepted, and tells of it. Every step can be repeated: the ledger knows the command by its
 * key.
 */
export async function completeCredit(
  env: Env,
  db: Db,
  row: HookCreditRow,
  at: number,
  defer: Call["defer"],
): Promise<void> {
  const events = row.events as readonly AuditEvent[];
  const [first] = events;
  assert(first !== undefined, "credits that are given have an event");
  const command = {
    op: "grant" as const,
    key: row.key,
    ...(row.credit as HookCredit),
    priority: 100,
    effectiveAt: null,
    expiresAt: null,
  };
  const reply = await accountObjectOf(env, row.accountId).grant(row.accountId, command, {
    actor: first.actor,
    origin: first.origin,
  });
  if (reply.kind === "too_many_lots" || reply.kind === "balance_overflow")
    return retryLater(env, db, row, at, defer);
  const refusal = refusalProblemOf(reply);
  const auditEvents =
    refusal === null
      ? events
      : events
          .filter(({ action }) => action === "hook.deliver")
          .map((event) => toRejectedEvent(event, refusal, "refused"));
  const end = endCredit(
    db,
    row,
    { outcome: refusal === null ? "credited" : "refused", updatedAt: at },
    refusal === null ? null : toProblemText(refusal),
  );
  await writeOutcome(
    env,
    db,
    [...end, ...auditEvents.map((event) => stageEvent(db, env.SIGNING_KEYS, event))],
    auditEvents,
    defer,
  );
}

/**
 * A payment that the account has no room for is kept and tried again. The platform's trail gets one event,
 * and the delivery says why.
 */
async function retryLater(
  env: Env,
  db: Db,
  row: HookCreditRow,
  at: number,
  defer: Call["defer"],
): Promise<void> {
  const problem = new Problem("conflict/state", {
    detail: [LOTS_FULL_DETAIL, message("credits.creditsWait")],
  });
  const retryAt = at + Math.min(Math.max(at - row.createdAt, RETRY_MIN_MS), RETRY_MAX_MS);
  const isFirst = row.retryAt === 0;
  const events = (row.events as readonly AuditEvent[])
    .filter(({ action }) => isFirst && action === "hook.deliver")
    .map((event) => ({ ...toRejectedEvent(event, problem, "pending"), id: newId("event", at), at }));
  await writeOutcome(
    env,
    db,
    [
      ...postponeCredit(db, row, retryAt, at, toProblemText(problem)),
      ...events.map((event) => stageEvent(db, env.SIGNING_KEYS, event)),
    ],
    events,
    defer,
  );
}

const toProblemText = ({ code, extra }: Problem) => ({ code, detail: extra.detail ?? null });

/** Writes an end or a delay with its events, unless another call was faster. */
async function writeOutcome(
  env: Env,
  db: Db,
  statements: readonly Statement[],
  events: readonly AuditEvent[],
  defer: Call["defer"],
): Promise<void> {
  try {
    await batch(db, statements);
    for (const [accountId, accountEvents] of Map.groupBy(events, (event) => event.accountId))
      defer(notifyAuditQueue(env.AUDIT, accountId, accountEvents));
  } catch (error) {
    if (failedGuard(error) !== "changed") throw error;
  }
}

const toRejectedEvent = (event: AuditEvent, { code }: Problem, outcome: Outcome): AuditEvent => ({
  ...event,
  outcome: "failed",
  reason: code,
  changes: { before: {}, after: { ...event.changes?.after, outcome } },
});

/**
 * Completes a delivery whose credits were accepted. This call does it, unless an earlier one has done it, or
 * another does it at this moment.
 */
export async function completeDelivery(call: Call, before: DeliveryRow): Promise<DeliveryRow> {
  const { env, db } = call;
  const [credit] = await findDeliveryCredit(db, before.hookId, before.id);
  if (credit !== undefined) await completeCredit(env, db, credit, call.now, (work) => call.defer(work));
  const [row] = await findDeliveryById(db, before.hookId, before.id);
  return row ?? before;
}

/** Finishes what a crash left between acceptance and ledger, or between ledger and trail. */
export async function sweepCredits(env: Env, olderThanMs: number = GRACE_MS): Promise<void> {
  const db = openDb(env.DB);
  const at = now();
  for (const row of await findDueCredits(db, at - olderThanMs + 1, at, SWEEP_MAX)) {
    const work: Promise<unknown>[] = [];
    try {
      await completeCredit(env, db, row, at, (deferred) => work.push(deferred));
      await Promise.all(work);
    } catch (error) {
      console.error({
        message: "credits of a hook cannot be given yet",
        accountId: row.accountId,
        error: String(error),
      });
    }
  }
}
