import { describe, expect, test } from "vitest";
import {
  addSpending,
  spendingFigures,
  NOTHING_SPENT,
  periodEnd,
  periodStart,
  spentInPeriod,
} from "../../../src/credits/spending-limit.ts";
import type { LimitPeriod } from "../../../src/kernel/schema/team.ts";

const at = (text: string): number => Date.parse(text);

describe("periods are of UTC", () => {
  const rows: ReadonlyArray<readonly [period: LimitPeriod, moment: string, start: string]> = [
    ["lifetime", "2026-11-21T12:34:56.789Z", "1970-01-01T00:00:00.000Z"],
    ["day", "2026-11-21T00:00:00.000Z", "2026-11-21T00:00:00.000Z"],
    ["day", "2026-11-21T23:59:59.999Z", "2026-11-21T00:00:00.000Z"],
    ["week", "2026-11-16T00:00:00.000Z", "2026-11-16T00:00:00.000Z"],
    ["week", "2026-11-22T23:59:59.999Z", "2026-11-16T00:00:00.000Z"],
    ["week", "2026-11-23T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["week", "2027-01-01T08:00:00.000Z", "2026-12-28T00:00:00.000Z"],
    ["month", "2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z"],
    ["month", "2028-02-29T23:59:59.999Z", "2028-02-01T00:00:00.000Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00.000Z"],
  ];
  test.each(rows)("the %s of %s begins %s", (period, moment, start) => {
    expect(new Date(periodStart(period, at(moment))).toISOString()).toBe(start);
  });

  const ends: ReadonlyArray<readonly [period: LimitPeriod, moment: string, end: string | null]> = [
    ["lifetime", "2026-11-21T12:34:56.789Z", null],
    ["day", "2026-11-21T00:00:00.000Z", "2026-11-22T00:00:00.000Z"],
    ["day", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z"],
    ["week", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"],
    ["week", "2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00.000Z"],
    ["month", "2028-02-29T23:59:59.999Z", "2028-03-01T00:00:00.000Z"],
    ["month", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
  ];
  test.each(ends)("the %s of %s ends %s", (period, moment, end) => {
    expect(periodEnd(period, at(moment))).toBe(end === null ? null : at(end));
  });
});

describe("what is spent is counted in every period at once", () => {
  const one = addSpending(NOTHING_SPENT, 3, at("2026-11-20T12:00:00Z"));
  const two = addSpending(one, 4, at("2026-11-21T12:00:00Z"));
  const rows: ReadonlyArray<readonly [period: LimitPeriod, moment: string, spent: number]> = [
    ["lifetime", "2026-11-21T13:00:00Z", 7],
    ["day", "2026-11-21T13:00:00Z", 4],
    ["day", "2026-11-22T00:00:00Z", 0],
    ["week", "2026-11-21T13:00:00Z", 7],
    ["week", "2026-11-23T00:00:00Z", 0],
    ["month", "2026-11-30T23:59:59Z", 7],
    ["month", "2026-12-01T00:00:00Z", 0],
    ["lifetime", "2030-01-01T00:00:00Z", 7],
  ];
  test.each(rows)("%s at %s: %i", (period, moment, spent) => {
    expect(spentInPeriod(two, period, at(moment))).toBe(spent);
  });
});

describe("S4.43 remaining", () => {
  const now = at("2026-11-21T12:00:00Z");
  const spending = addSpending(NOTHING_SPENT, 7, now);
  const rows: ReadonlyArray<
    readonly [case_: string, limit: number | null, available: number, remaining: number]
  > = [
    ["S4.23 no limit: what the account has", null, 100, 100],
    ["the limit less what is spent", 10, 100, 3],
    ["never more than the account has", 1_000, 100, 100],
    ["S4.38 never below 0", 5, 100, 0],
    ["nothing in the account", null, 0, 0],
  ];
  test.each(rows)("%s", (_, limit, available, remaining) => {
    expect(spendingFigures({ limit, limitPeriod: "lifetime" }, spending, available, now)).toEqual({
      limit,
      limitPeriod: "lifetime",
      spent: 7,
      remaining,
    });
  });
});
