import { DAY_MS } from "../kernel/clock.ts";
import type { LimitPeriod } from "../kernel/schema/team.ts";

/** How much a member may spend in each period; null: all that the account has (S4.23). */
export interface SpendingLimit {
  readonly limit: number | null;
  readonly limitPeriod: LimitPeriod;
}

/**
 * What a member has spent, by each way of counting at once: the period of a limit may be changed at any time,
 * and the new one must be as exact as if it had always been there. All counters live in one row, so this
 * costs nothing.
 */
export interface Spending extends Readonly<Record<LimitPeriod, number>> {
  /** When the member last spent: a counter holds for the period that this lies in. */
  readonly at: number;
}

export const NOTHING_SPENT: Spending = { lifetime: 0, day: 0, week: 0, month: 0, at: 0 };

/** The epoch was a Thursday: three days before it began the week of a Monday. */
const MONDAY_MS = 3 * DAY_MS;

/** When the period that `at` lies in began, in UTC; a week begins on Monday. */
export function periodStart(period: LimitPeriod, at: number): number {
  if (period === "lifetime") return 0;
  if (period === "day") return at - (at % DAY_MS);
  if (period === "week") return at - ((at + MONDAY_MS) % (7 * DAY_MS));
  const day = new Date(at);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1);
}

/** When the period that `at` lies in ends and the next one begins; null where it never does. */
export function periodEnd(period: LimitPeriod, at: number): number | null {
  if (period === "lifetime") return null;
  const start = periodStart(period, at);
  if (period !== "month") return start + (period === "day" ? 1 : 7) * DAY_MS;
  const day = new Date(start);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1);
}

export const spentInPeriod = (spending: Spending, period: LimitPeriod, at: number): number =>
  periodStart(period, spending.at) === periodStart(period, at) ? spending[period] : 0;

export const addSpending = (spending: Spending, amount: number, at: number): Spending => ({
  lifetime: spending.lifetime + amount,
  day: spentInPeriod(spending, "day", at) + amount,
  week: spentInPeriod(spending, "week", at) + amount,
  month: spentInPeriod(spending, "month", at) + amount,
  at,
});

/**
 * The figures that a member sees. `remaining` is never below 0, although a limit may be set below what is
 * spent.
 */
export interface SpendingFigures extends SpendingLimit {
  readonly spent: number;
  readonly remaining: number;
}

export function spendingFigures(
  { limit, limitPeriod }: SpendingLimit,
  spending: Spending,
  available: number,
  at: number,
): SpendingFigures {
  const spent = spentInPeriod(spending, limitPeriod, at);
  const remaining = limit === null ? available : Math.max(0, Math.min(available, limit - spent));
  return { limit, limitPeriod, spent, remaining };
}
