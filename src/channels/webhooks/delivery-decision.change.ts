import { NO_CHANGE } from "../../gate/calls/call.ts";
import type { WebhookMessage } from "./received-message.ts";
import { Problem, type ProblemCode, type RequestFault } from "../../kernel/http/problem.ts";
import type { Call } from "../../gate/calls/call.ts";
import { prepareAction } from "./action.change.ts";
import type { ActionResult } from "./action-result.ts";
import type { Mapping, ResolvedAction } from "./mapping.ts";
import { type ParsedMessage, parseByMapping } from "./parsed-message.ts";
import { message, type Sentences } from "../../kernel/messages/message.ts";

export interface Decision extends ActionResult {
  readonly parsed: ParsedMessage;
  /** Why not. */
  readonly problem: Problem | null;
}

/** The owner's rights, plan or address: the same message may find another answer later. */
const RETRYABLE_CODES: readonly ProblemCode[] = ["access/denied", "plan/feature-required", "ip/not-allowed"];

export function parseMessage(
  mapping: Mapping,
  { payload, headerType, errors }: Pick<WebhookMessage, "payload" | "headerType" | "errors">,
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

/** What the problem says beyond its code. */
export function problemDetailOf({ problem, outcome }: Decision): Sentences | null {
  if (problem !== null) return problem.extra.detail ?? null;
  return outcome === "superseded" ? message("webhooks.superseded") : null;
}
