import { DAY_MS } from "../../kernel/clock.ts";

/** No license reaches further into the future than this. */
const PERIOD_AHEAD_MAX_MS = 20 * 366 * DAY_MS;

/** The days that a license adds: after those that are left, else from now. Null: that is too far ahead. */
export function extendPeriod(
  expiresAt: number | null,
  days: number,
  now: number,
): { readonly from: number; readonly to: number } | null {
  const from = Math.max(expiresAt ?? now, now);
  const to = from + days * DAY_MS;
  return to - now > PERIOD_AHEAD_MAX_MS ? null : { from, to };
}
