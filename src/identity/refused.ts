import { type Right, typeOf } from "../access/right.ts";
import type { AuditEvent } from "../audit/event.ts";
import { isId } from "../kernel/id.ts";
import type { Operation } from "../kernel/operation.ts";
import { type Problem, PROBLEMS } from "../kernel/problem.ts";
import type { EventName } from "./call.ts";

/** What `decide` refused: the right that was lacking, and the object that was asked about. */
export interface Denied {
  readonly action: Right;
  readonly resourceId: string | null;
}

interface Asked {
  readonly operation: Pick<Operation, "method" | "right">;
  readonly denied: Denied | null;
  readonly params: Readonly<Record<string, string>>;
  readonly memberId: string;
}

/** 402, 404, 409, 410. A fault of form (400, 412, 413, 415, 422, 428) is in the call log only. */
const FAILURES: readonly number[] = [402, 404, 409, 410];

/** A write that was refused for what it met, and not for its form: what is there already, is not there, or has to be paid. */
export const isFailure = ({ code, extra }: Problem): boolean => extra.told !== true && FAILURES.includes(PROBLEMS[code].status);

/** Refusals of the gate and of `decide`. */
export const isDenial = ({ code }: Problem, denied: Denied | null, astray: boolean): boolean =>
  denied !== null || astray || code === "access/denied" || code === "ip/not-allowed" || code === "auth/blocked" || code === "auth/invalid-credential";

interface Told {
  readonly action: Right | EventName;
  readonly resource: AuditEvent["resource"];
  readonly outcome: "denied" | "failed";
  /** In the caller's own account, whichever the call acts on. */
  readonly atHome: boolean;
}

/** How the trail tells a refusal. What is not there is told alike whether it is hidden, another tenant's or missing, and at home only. */
export function toldAs(problem: Problem, astray: boolean, { operation: { method, right }, denied, params, memberId }: Asked): Told {
  const isMissing = problem.code === "not-found" && method !== "GET";
  const outcome = !isMissing && isDenial(problem, denied, astray) ? "denied" : "failed";
  if (outcome === "failed" && !right.includes(".")) {
    return { action: "me.edit", resource: { type: "member", id: memberId }, outcome, atHome: isMissing };
  }
  const lacking = denied?.action ?? right;
  // A change that names what the caller may not even see is a refused change, not a refused look.
  const action = !lacking.includes(".") ? "gate.enter" : lacking.endsWith(".view") && right.includes(".") ? right : lacking;
  // The trail is for ever: only an id goes into it, never whatever a caller wrote in an id's place.
  const id = [denied?.resourceId, params["id"]].find((text) => text != null && isId(text)) ?? null;
  return { action: action as Right, resource: { type: lacking.includes(".") ? typeOf(lacking as Right) : "gate", id }, outcome, atHome: isMissing };
}
