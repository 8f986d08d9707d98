import { giveTierCredits } from "../../accounts/tiers/tier-credit.change.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { type RequestFault, Problem, PROBLEMS, type ProblemCode } from "../../kernel/http/problem.ts";
import type { DeliveryRow, HookRow } from "../../kernel/schema/hook.ts";
import { prepareAction } from "./action.change.ts";
import { completeDelivery } from "./credit.change.ts";
import { insertCredit } from "./credit.store.ts";
import type { DeliveryDetail } from "./delivery.card.ts";
import type { ActionResult } from "./action-result.ts";
import { DELIVERY_DIGEST_COLUMNS, DELIVERY_MESSAGE_COLUMNS, guardHook, writeDelivery } from "./hook.store.ts";
import type { Mapping, ResolvedAction } from "./mapping.ts";
import { type ParsedMessage, parseByMapping } from "./parsed-message.ts";

/** A message that its sender signed. */
export interface Message {
  readonly id: string;
  readonly digest: string;
  /** What the body holds; null where it is no JSON. */
  readonly payload: { readonly value: unknown } | null;
  readonly headerType: string | null;
  /** What is wrong with the message itself, under any mapping. */
  readonly errors: readonly RequestFault[];
}

export interface Decision extends ActionResult {
  readonly parsed: ParsedMessage;
  /** Why not. */
  readonly problem: Problem | null;
}

const NO_CHANGE = { statements: [], events: [] };

/** The owner's rights, plan or address: the same message may find another answer later. */
const RETRYABLE_CODES: readonly ProblemCode[] = ["access/denied", "plan/feature-required", "ip/not-allowed"];

export function parseMessage(
  mapping: Mapping,
  { payload, headerType, errors }: Pick<Message, "payload" | "headerType" | "errors">,
): ParsedMessage {
  if (payload === null) return { kind: "failed", eventType: headerType, rule: null, errors: [] };
  return errors.length > 0
    ? { kind: "failed", eventType: null, rule: null, errors }
    : parseByMapping(mapping, payload.value, headerType);
}

/**
 * What becomes of it, by the rights that the call has now. Nothing is written: a trial and a delivery are
 * decided alike.
 */
export async function decideDelivery(call: Call, hookId: string, parsed: ParsedMessage): Promise<Decision> {
  if (parsed.kind === "ignored") return { outcome: "ignored", change: NO_CHANGE, parsed, problem: null };
  if (parsed.kind === "failed") {
    const problem =
      parsed.errors.length === 0
        ? new Problem("malformed")
        : new Problem("validation", { errors: parsed.errors });
    return { outcome: "failed", change: NO_CHANGE, parsed, problem };
  }
  try {
    return { ...(await prepareAction(call, hookId, parsed.action)), parsed, problem: null };
  } catch (error) {
    if (
      parsed.action.action === "set_subscription" &&
      error instanceof Problem &&
      error.code === "validation"
    )
      return toFailedDecision(parsed, error);
    return toRejectedDecision(parsed, error);
  }
}

/**
 * The body names an object that is not there. That is a fault of the message, and its pointer leads into the
 * body.
 */
function toFailedDecision(
  parsed: Extract<ParsedMessage, { kind: "wanted" }>,
  { extra: { errors = [] } }: Problem,
): Decision {
  const placed = errors.map((fault) => ({
    pointer: parsed.places["pointer" in fault ? fault.pointer.slice(1) : ""] ?? "",
    detail: fault.detail,
  }));
  return {
    outcome: "failed",
    change: NO_CHANGE,
    parsed,
    problem: new Problem("validation", { errors: placed }),
  };
}

/** @throws every error that is no refusal */
export function toRejectedDecision(parsed: ParsedMessage, error: unknown): Decision {
  if (!(error instanceof Problem) || error.code === "stale" || error.code === "internal") throw error;
  return {
    outcome: RETRYABLE_CODES.includes(error.code) ? "denied" : "refused",
    change: NO_CHANGE,
    parsed,
    problem: error,
  };
}

export const resolvedActionOf = (parsed: ParsedMessage): ResolvedAction | null =>
  parsed.kind === "wanted" ? parsed.action : null;
export const ruleIndexOf = (parsed: ParsedMessage): number | null =>
  parsed.kind === "ignored" ? null : parsed.rule;

/**
 * The places of the faults: in the body that was sent, if a pointer led there. The values themselves are not
 * repeated.
 */
export const errorsOf = ({ problem }: Decision): readonly RequestFault[] => problem?.extra.errors ?? [];

/** What the problem says, as in the answer to the first sending of the message. */
export function problemDetailOf({ problem, outcome }: Decision): string | null {
  if (problem !== null) return problem.extra.detail ?? PROBLEMS[problem.code].detail;
  return outcome === "superseded"
    ? "A newer message, or a member of the platform, has set this state already."
    : null;
}

/**
 * Does it, and writes the delivery in the same batch, so that of two at once one does.
 * @param before the same message, denied then
 * @throws Stale, Problem
 */
export async function commitDelivery(
  call: Call,
  hook: HookRow,
  message: Message,
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
  message: Message,
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
  message: Message,
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
