import { DAY_MS } from "./clock.ts";
import { z } from "zod";
import { ruleText } from "./messages/rule-text.ts";

const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;

/** A moment with its offset, or a whole day of the account's time zone. */
export const dayOrTime = z.union(
  [z.iso.datetime({ offset: true }), z.iso.date()],
  ruleText("validation.dayOrTime"),
);

const formatters = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when there is no such zone */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const clock =
    formatters.get(zone) ??
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  formatters.set(zone, clock);
  return clock;
}

/**
 * Whether this is a zone of the IANA list, such as `Europe/Berlin`. An offset is not one, because it has no
 * summer time.
 */
export function isTimeZone(name: string): boolean {
  try {
    return ZONE_NAME.test(name) && formatterOf(name) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The time that the clocks of a zone show, as if it were UTC.
 * @param at milliseconds since the epoch
 */
function localTimeAt(at: number, zone: string): number {
  const parts = new Map(
    formatterOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (
    ["year", "month", "day", "hour", "minute", "second"] as const
  ).map((name) => parts.get(name));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * When a day begins in a zone: the first moment whose date is that day, or a later one where clocks skip it.
 * @param day its midnight in UTC
 */
function dayStart(day: number, zone: string): number {
  // Before 1970 nothing was recorded here.
  if (zone === "UTC" || day <= 0) return day;
  let [before, from] = [day - DAY_MS, day + DAY_MS];
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (localTimeAt(middle, zone) >= day) from = middle;
    else before = middle;
  }
  return from;
}

const isDay = (value: string): boolean => !value.includes("T");

/** Where a period begins, in milliseconds since the epoch. @param value a `dayOrTime` */
export const periodStart = (value: string, zone: string): number =>
  isDay(value) ? dayStart(Date.parse(value), zone) : Date.parse(value);

/** Where a period ends, not included: a day ends where the next one begins. */
export const periodEnd = (value: string, zone: string): number =>
  isDay(value) ? dayStart(Date.parse(value) + DAY_MS, zone) : Date.parse(value);

/** The last millisecond of a period that includes its end. */
export const lastMillisecondOf = (value: string, zone: string): number =>
  isDay(value) ? periodEnd(value, zone) - 1 : Date.parse(value);
