import { periodStart, periodEnd } from "./time-zone.ts";

export interface Period {
  /** Milliseconds since the epoch; `from` is included, `to` is not. */
  readonly from: number;
  readonly to: number;
}

interface PeriodQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * The period that is asked for; null when it ends before it begins.
 * @param periodMs how far it reaches back from now (below 0) or forward, by default
 */
export function periodOf(
  { from, to }: PeriodQuery,
  { periodMs }: { readonly periodMs: number },
  now: number,
  zone: string,
): Period | null {
  const end = to === undefined ? Math.max(now, now + periodMs) : periodEnd(to, zone);
  const begin =
    from === undefined ? Math.min(end, periodMs < 0 ? end + periodMs : now) : periodStart(from, zone);
  return begin <= end ? { from: begin, to: end } : null;
}
