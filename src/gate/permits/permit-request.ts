import { invalidField, Problem } from "../../kernel/http/problem.ts";
import type { Call } from "../calls/call.ts";
import type { AccessChange } from "./access-change.ts";
import type { Authority } from "../principals/authority.ts";
import { decidePermit, Permit } from "./permit.ts";
import { planFeatureMissing } from "../calls/required-authority.ts";

/**
 * The one way to a change that widens what a member may do. It checks the caller's own power, the restriction
 * of the call's key, the account's settings and plan, and that no member widens their own access. A change
 * that only takes away passes.
 * @throws Problem access/denied, validation, plan/feature-required
 */
export function requestPermit(
  call: Pick<Call, "principal" | "env">,
  change: AccessChange,
  authority: Authority = "member",
): Permit {
  const answer = decidePermit(call.principal, change, authority);
  if (answer instanceof Permit) return answer;
  switch (answer.kind) {
    case "invalid":
      throw invalidField(answer.pointer, answer.detail);
    case "denied":
      throw new Problem("access/denied", { detail: answer.detail });
    case "setting":
      throw new Problem("access/denied", { detail: answer.detail, extensions: { setting: answer.setting } });
    case "plan":
      throw planFeatureMissing(call.principal, call.env.CONTACT_URL);
  }
}
