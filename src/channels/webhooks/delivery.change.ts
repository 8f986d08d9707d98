import type { WebhookMessage } from "./received-message.ts";
import { giveTierCredits } from "../../accounts/tiers/tier-credit.change.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { DeliveryRow, HookRow } from "../../kernel/schema/hook.ts";
import { completeDelivery } from "./credit.change.ts";
import { insertCredit } from "./credit.store.ts";
import type { DeliveryDetail } from "./delivery.card.ts";
import {
  type Decision,
  errorsOf,
  problemDetailOf,
  ruleIndexOf,
  toRejectedDecision,
} from "./delivery-decision.change.ts";
import { DELIVERY_DIGEST_COLUMNS, DELIVERY_MESSAGE_COLUMNS, guardHook, writeDelivery } from "./hook.store.ts";

/**
 * Does it, and writes the delivery in the same batch, so that of two at once one does.
 * @param before the same message, denied then
 * @throws StaleStamp, Problem
 */
export async function commitDelivery(
  call: Call,
  hook: HookRow,
  message: WebhookMessage,
  before: DeliveryRow | null,
  decision: Decision,
): Promise<DeliveryRow> {
  const { change, outcome, problem, parsed, credit, givesCredits, accountId } = decision;
  const row = {
    ...deliveryRow(call, hook, message, before, decision),
    ...(credit === undefined ? {} : { outcome: "pending" }),
  };
  const event = deliveryEvent(call, hook.id, row.id, decision);
  try {
    // What no rule fits did nothing: the list of deliveries has it.
    const isRefused = problem !== null;
    const events = [...change.events, ...(outcome === "ignored" || isRefused ? [] : [event])];
    await call.commit(
      {
        ...change,
        statements: [
          guardHook(call.db, hook),
          ...writeDelivery(call.db, row, before),
          ...change.statements,
          ...pendingCreditStatements(call, hook, message, row, decision, events),
        ],
        // The events about credits are written when the credits are given.
        events: credit === undefined ? events : [],
        refusalEvents: isRefused ? [event] : [],
        retryOnDuplicate: [
          ...(change.retryOnDuplicate ?? []),
          DELIVERY_MESSAGE_COLUMNS,
          DELIVERY_DIGEST_COLUMNS,
        ],
      },
      { status: 200, body: {} },
    );
  } catch (error) {
    // What only the batch could know. A decision against it has nothing left that could be refused.
    if (problem !== null || !(error instanceof Problem)) throw error;
    const rejection = toRejectedDecision(parsed, error);
    const rejectedRow = await commitDelivery(call, hook, message, before, rejection);
    if (rejection.outcome === "denied") throw error;
    return rejectedRow;
  }
  if (givesCredits === true && accountId !== undefined) await giveTierCredits(call.env, call.db, accountId);
  return credit === undefined ? row : completeDelivery(call, row);
}

function deliveryEvent(
  call: Call,
  hookId: string,
  deliveryId: string,
  { outcome, problem, parsed }: Decision,
): AuditEvent {
  const note = { deliveryId, outcome, rule: ruleIndexOf(parsed) };
  return call.event(
    "hook.deliver",
    { type: "hook", id: hookId },
    {
      changes: { before: {}, after: note },
      reason: problem?.code ?? null,
      outcome: outcome === "denied" ? "denied" : problem === null ? "success" : "failed",
    },
  );
}

/** The name that the sender gave is not signed in every scheme; what is signed is. */
function pendingCreditStatements(
  { db, now }: Call,
  { id, scheme }: HookRow,
  message: WebhookMessage,
  row: DeliveryRow,
  { credit, accountId }: Decision,
  events: readonly AuditEvent[],
): Statement[] {
  if (credit === undefined || accountId === undefined) return [];
  const key = `${id}:${scheme === "github" ? message.digest : message.id}`;
  return [
    insertCredit(db, {
      key,
      hookId: id,
      deliveryId: row.id,
      accountId,
      credit,
      events,
      createdAt: now,
      retryAt: 0,
    }),
  ];
}

function deliveryRow(
  call: Call,
  hook: HookRow,
  message: WebhookMessage,
  before: DeliveryRow | null,
  decision: Decision,
): DeliveryRow {
  const { outcome, problem, parsed, memberId = null, invitationId = null, accountId = null } = decision;
  const detail: DeliveryDetail = {
    code: problem?.code ?? null,
    detail: problemDetailOf(decision),
    rule: ruleIndexOf(parsed),
    errors: errorsOf(decision),
    memberId,
    invitationId,
    accountId,
  };
  return {
    id: before?.id ?? newId("delivery", call.now),
    hookId: hook.id,
    messageId: before?.messageId ?? message.id,
    digest: before?.digest ?? message.digest,
    eventType: parsed.eventType,
    outcome,
    detail,
    attempts: (before?.attempts ?? 0) + 1,
    createdAt: before?.createdAt ?? call.now,
    updatedAt: call.now,
  };
}
