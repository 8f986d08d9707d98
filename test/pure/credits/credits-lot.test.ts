import { describe, expect, test } from "vitest";
import { spendFromLots, firstExpiryOf, type Lot } from "../../../src/credits/lot.ts";
import { packRemainders, unpackRemainders, type FullRemainders } from "../../../src/credits/remainders.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");

const lot = (seq: number, remainder: number, more: Partial<Lot> = {}): Lot => ({
  seq,
  kind: "top_up",
  amount: remainder,
  priority: 100,
  effectiveAt: 0,
  start: null,
  expiresAt: null,
  remainder,
  ...more,
});

describe("the earliest end of a lot", () => {
  test.each<[string, ends: (number | null)[], first: number | null]>([
    ["of no lots", [], null],
    ["of lots that never end", [null, null], null],
    ["of one that ends", [null, NOW, null], NOW],
    ["the first of several", [NOW + 1, NOW, NOW + 2], NOW],
    ["the last of several", [NOW + 2, null, NOW + 1, NOW], NOW],
  ])("%s", (_, ends, first) =>
    expect(firstExpiryOf(ends.map((expiresAt, index) => lot(index + 1, 1, { expiresAt })))).toBe(first),
  );
});

describe("what lots give", () => {
  test("the older first, in any order that they stand in", () => {
    for (const lots of [
      [lot(1, 5), lot(2, 5), lot(3, 5)],
      [lot(3, 5), lot(1, 5), lot(2, 5)],
      [lot(3, 5), lot(2, 5), lot(1, 5)],
    ])
      expect(spendFromLots(lots, 7, NOW).toSorted((one, other) => one.seq - other.seq)).toEqual([
        lot(2, 3, { amount: 5 }),
        lot(3, 5),
      ]);
  });

  test("more than is open is a bug of the caller", () => {
    const lots = [lot(1, 5), lot(2, 5, { effectiveAt: NOW + 1 }), lot(3, 5, { expiresAt: NOW })];
    expect(spendFromLots(lots, 5, NOW).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(() => spendFromLots(lots, 6, NOW)).toThrow("what is spent was available");
  });
});

describe("K17 what an entry carries of the lots", () => {
  const many = (count: number, more: Readonly<Record<number, number>> = {}): Lot[] =>
    Array.from({ length: count }, (_, index) => lot(index + 1, more[index + 1] ?? 100));
  const open = (lots: readonly Lot[]) => new Map(lots.map(({ seq, remainder }) => [seq, remainder]));
  const plain = (lots: readonly Lot[]) => Object.fromEntries(open(lots));
  /** The lots `from` to `to` have one credit less. */
  const spentFrom = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from + 1 }, (_, index) => [from + index, 99]));

  const whole: FullRemainders = { seq: 7, remainders: open(many(40)) };

  test("up to 32 lots: all of them, and later entries differ from none", () => {
    for (const base of [null, whole]) {
      const packed = packRemainders(8, many(32), base);
      expect([JSON.parse(packed.text), packed.base]).toEqual([plain(many(32)), null]);
    }
  });

  test("more lots: all of them once, and later entries differ from that one", () => {
    const packed = packRemainders(8, many(33), null);
    expect([JSON.parse(packed.text), packed.base]).toEqual([
      plain(many(33)),
      { seq: 8, remainders: open(many(33)) },
    ]);
  });

  test("then only what changed: a remainder, a lot that is new, a lot that is gone", () => {
    const lots = [...many(40, { 3: 1 }).filter(({ seq }) => seq !== 5), lot(41, 9)];
    const packed = packRemainders(8, lots, whole);
    expect(JSON.parse(packed.text)).toEqual({ since: 7, 3: 1, 5: 0, 41: 9 });
    expect(packed.base).toBe(whole);
    const read = unpackRemainders(8, packed.text, (seq) =>
      seq === 7 ? JSON.stringify(plain(many(40))) : "",
    );
    expect(read).toEqual({ remainders: open(lots), base: whole });
  });

  test("up to 32 that changed; with one more, all of them again", () => {
    const few = packRemainders(8, many(40, spentFrom(1, 32)), whole);
    expect([JSON.parse(few.text), few.base]).toEqual([{ since: 7, ...spentFrom(1, 32) }, whole]);
    const lots = many(40, spentFrom(1, 33));
    const all = packRemainders(8, lots, whole);
    expect([JSON.parse(all.text), all.base]).toEqual([plain(lots), { seq: 8, remainders: open(lots) }]);
  });

  test("an entry that has all is read without another", () => {
    const noOther = (): string => {
      throw new Error("no other entry is read");
    };
    for (const [count, hasBase] of [
      [32, false],
      [33, true],
    ] as const) {
      const remainders = open(many(count));
      expect(unpackRemainders(8, JSON.stringify(plain(many(count))), noOther)).toEqual({
        remainders,
        base: hasBase ? { seq: 8, remainders } : null,
      });
    }
  });
});
