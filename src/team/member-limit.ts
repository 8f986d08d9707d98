import type { Preset } from "../access/preset.ts";
import type { Plan } from "../schema/team.ts";

/** At most so many members have a login of four digits. */
export const LOGINS_MAX = 9_999;

/** How many members an account may have, by its plan and its model; Infinity is no limit. */
export const memberLimit = (plan: Plan, preset: Preset): number => Math.min(plan.memberLimit ?? Infinity, preset.logins ? LOGINS_MAX : Infinity);
