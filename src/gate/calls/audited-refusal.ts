import { decide, type GrantSet, type ResourceRef } from "../../access/decision.ts";
import { PLATFORM_RIGHTS } from "../../access/preset.ts";
import { type Right, resourceTypeOf } from "../../access/right.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { isId } from "../../kernel/id.ts";
import type { Operation } from "../../kernel/http/operation.ts";
import { Problem, type ProblemCode, PROBLEMS } from "../../kernel/http/problem.ts";
import type { EventName } from "./call.ts";
import { message } from "../../kernel/messages/message.ts";

/** The refusal of `requireRight`: the right that was lacking, and the object concerned. */
export interface DeniedRight {
  readonly action: Right;
  readonly resourceId: string | null;
}

/** The refusal of a caller who lacks this right. */
function missingRightProblem(right: Right): Problem {
  const whom = PLATFORM_RIGHTS.includes(right)
    ? message("access.platformRight")
    : message("access.askForRight");
  return new Problem("access/denied", {
    detail: [message("access.rightNeeded", { right }), whom],
    extensions: { right },
  });
}

/**
 * The refusal of a caller who lacks a right on an object: 404 where they may not even view it.
 * @param hidden whether they may not; or the right to view, which is decided now; or the refusal itself
 */
export function toRightProblem(
  set: GrantSet,
  right: Right,
  on: ResourceRef | undefined,
  hidden: boolean | Problem | Right,
): Problem {
  if (hidden instanceof Problem) return hidden;
  const isHidden = typeof hidden === "string" ? hidden === right || !decide(set, hidden, on).allowed : hidden;
  return isHidden ? new Problem("not-found") : missingRightProblem(right);
}

interface RefusedCall {
  readonly operation: Pick<Operation, "method" | "right">;
  readonly denied: DeniedRight | null;
  readonly params: Readonly<Record<string, string>>;
  readonly memberId: string;
}

/** 402, 404, 409, 410. A fault of form (400, 412, 413, 415, 422, 428) is in the call log only. */
const FAILURES: readonly number[] = [402, 404, 409, 410];

/**
 * Refused for the state of the data and not for its form: an object is there already, is not there, or has to
 * be paid.
 */
export const isRecordedFailure = ({ code, extra }: Problem): boolean =>
  extra.recorded !== true && FAILURES.includes(PROBLEMS[code].status);

const DENIALS: readonly ProblemCode[] = [
  "access/denied",
  "ip/not-allowed",
  "auth/blocked",
  "auth/invalid-credential",
];

/** Refusals of the gate and of `requireRight`. */
export const isDenial = ({ code }: Problem, denied: DeniedRight | null, targetNotFound: boolean): boolean =>
  denied !== null || targetNotFound || DENIALS.includes(code);

interface AuditedRefusal {
  readonly action: Right | EventName;
  readonly resource: AuditEvent["resource"];
  readonly outcome: "denied" | "failed";
  /** In the caller's own account, whichever the call acts on. */
  readonly inOwnAccount: boolean;
}

/**
 * How the trail shows a refusal. A 404 looks the same for an object that is hidden, another tenant's or
 * missing, and is shown in the caller's own account only.
 */
export function toAuditedRefusal(
  problem: Problem,
  targetNotFound: boolean,
  call: RefusedCall,
): AuditedRefusal {
  const {
    operation: { method, right },
    denied,
    params,
    memberId,
  } = call;
  const isMissing = problem.code === "not-found" && method !== "GET";
  const outcome = !isMissing && isDenial(problem, denied, targetNotFound) ? "denied" : "failed";
  if (outcome === "failed" && !right.includes(".")) {
    return {
      action: "me.edit",
      resource: { type: "member", id: memberId },
      outcome,
      inOwnAccount: isMissing,
    };
  }
  const lacking = denied?.action ?? right;
  // A change that names an object which the caller may not see is recorded as a refused change, not as a
  // refused look.
  const isRecordedAsLacking = !lacking.endsWith(".view") || !right.includes(".");
  const action = !lacking.includes(".") ? "gate.enter" : isRecordedAsLacking ? lacking : right;
  // The trail is kept for ever. Only an id goes into it, never a text that a caller wrote in place of an id.
  const id = [denied?.resourceId, params["id"]].find((text) => text != null && isId(text)) ?? null;
  const type = lacking.includes(".") ? resourceTypeOf(lacking as Right) : "gate";
  return { action: action as Right, resource: { type, id }, outcome, inOwnAccount: isMissing };
}
