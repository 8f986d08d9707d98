/** Milliseconds since the epoch. The one place that asks the clock; rules get the time as an argument. */
export const now = (): number => Date.now();

/** ISO 8601 in UTC with milliseconds, as every answer shows times. */
export const iso = (at: number): string => new Date(at).toISOString();

export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** Milliseconds of 24 hours. */
export const DAY_MS = 24 * 60 * 60 * 1000;
