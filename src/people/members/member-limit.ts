import type { Preset } from "../../access/preset.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { Plan } from "../../kernel/schema/team.ts";
import { message } from "../../kernel/messages/message.ts";

/** At most so many members have a login of four digits. */
export const LOGINS_MAX = 9_999;

/** What to do when an account is full: another plan adds nothing where logins have run out. */
export function memberLimitProblem(plan: Plan, preset: Preset): Problem {
  if (memberLimit(plan, preset) < LOGINS_MAX || !preset.hasLoginNumbers)
    return new Problem("conflict/member-limit");
  return new Problem("conflict/member-limit", {
    detail: message("members.loginsMax", { max: LOGINS_MAX }),
  });
}

/** How many members an account may have, by its plan and its model; Infinity is no limit. */
export const memberLimit = (plan: Plan, preset: Preset): number =>
  Math.min(plan.memberLimit ?? Infinity, preset.hasLoginNumbers ? LOGINS_MAX : Infinity);
