import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LedgerCommand, commandFingerprint } from "../../../src/credits/ledger-command.ts";
import { applyCommand, type Entry, type LedgerState } from "../../../src/credits/ledger.ts";
import { NOTHING_SPENT, periodStart, type Spending } from "../../../src/credits/spending-limit.ts";
import { type Lot, availableCredits, totalRemainder } from "../../../src/credits/lot.ts";
import { packRemainders, unpackRemainders, type FullRemainders } from "../../../src/credits/remainders.ts";
import { LIMIT_PERIODS } from "../../../src/kernel/schema/team.ts";

const START = Date.parse("2026-11-21T12:00:00.000Z");
const DAY_MS = 86_400_000;

interface Action {
  readonly command: LedgerCommand;
  /** Milliseconds since the action before; below 0 when the clock was set back. */
  readonly after: number;
}

const key = fc.integer({ min: 1, max: 30 }).map(String);
const time = fc.option(
  fc.integer({ min: -2, max: 20 }).map((days) => START + days * DAY_MS),
  { nil: null },
);
const grant = fc.record({
  op: fc.constant("grant" as const),
  key: key.map((name) => `mem_p:${name}`),
  kind: fc.constantFrom("subscription" as const, "promo" as const),
  amount: fc.integer({ min: 1, max: 40 }),
  priority: fc.constantFrom(1, 100),
  effectiveAt: time,
  expiresAt: time,
});
const spend = fc.record({ member: fc.constantFrom("mem_1", "mem_2"), name: key }).chain(({ member, name }) =>
  fc.record({
    op: fc.constant("spend" as const),
    key: fc.constant(`${member}:${name}`),
    memberId: fc.constant(member),
    amount: fc.integer({ min: 1, max: 25 }),
    description: fc.constantFrom(null, "a"),
    limit: fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
    limitPeriod: fc.constantFrom(...LIMIT_PERIODS),
    subscriptionActive: fc.boolean().map((inactive) => !inactive),
    settles: fc.constant(false),
  }),
);
const action: fc.Arbitrary<Action> = fc.record({
  command: fc.oneof({ weight: 1, arbitrary: grant }, { weight: 3, arbitrary: spend }),
  after: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 2 * DAY_MS }) },
    { weight: 1, arbitrary: fc.constant(-DAY_MS) },
  ),
});

/** A ledger as the object keeps it: entries by key, a counter row for each member, the newest state. */
class Book {
  readonly entries: Entry[] = [];
  readonly spendings = new Map<string, Spending>();
  state: LedgerState = { seq: 0, at: 0, balance: 0, lots: [], spending: NOTHING_SPENT, previous: null };

  run(command: LedgerCommand, now: number) {
    const member = command.op === "spend" ? command.memberId : null;
    const step = applyCommand(
      {
        ...this.state,
        spending: (member === null ? undefined : this.spendings.get(member)) ?? NOTHING_SPENT,
        previous: this.entries.find((entry) => entry.key === command.key) ?? null,
      },
      command,
      now,
    );
    this.entries.push(...step.entries);
    this.state = step.state;
    if (member !== null) this.spendings.set(member, step.state.spending);
    return step;
  }
}

const property = (check: (actions: readonly Action[]) => void) =>
  fc.assert(fc.property(fc.array(action, { minLength: 1, maxLength: 60 }), check), { numRuns: 300 });

describe("for all calls, in every order", () => {
  test("S4.22 balance = Σ entries = Σ lots' remainders ≥ 0; entries 1, 2, 3 …; time only grows", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      for (const { command, after } of actions) book.run(command, (now += after));
      let [sum, at] = [0, 0];
      for (const [index, entry] of book.entries.entries()) {
        sum += entry.amount;
        expect(entry.seq).toBe(index + 1);
        expect(entry.at).toBeGreaterThanOrEqual(at);
        expect(entry.balance).toBe(sum);
        expect(entry.balance).toBe(totalRemainder(entry.lots));
        expect(entry.lots.every((lot) => lot.remainder > 0 && lot.remainder <= lot.amount)).toBe(true);
        expect(entry.balance).toBeGreaterThanOrEqual(0);
        at = entry.at;
      }
      expect(book.state.balance).toBe(sum);
    });
  });

  test("S4.21 nothing is spent past the limit that was in force, counted again from the entries", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      for (const { command, after } of actions) {
        const { outcome } = book.run(command, (now += after));
        if (command.op !== "spend" || outcome.kind !== "recorded" || outcome.entry.outcome.kind !== "spent")
          continue;
        const { limit, limitPeriod, memberId } = command;
        const since = periodStart(limitPeriod, outcome.entry.at);
        const spent = -book.entries
          .filter((entry) => entry.memberId === memberId && entry.at >= since)
          .reduce((sum, { amount }) => sum + amount, 0);
        expect(outcome.entry.outcome.spent).toBe(spent);
        if (limit !== null) expect(spent).toBeLessThanOrEqual(limit);
      }
    });
  });

  test("each outcome is the first in order whose condition holds", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      for (const { command, after } of actions) {
        now += after;
        const at = Math.max(now, book.state.at);
        const previous = book.entries.find((entry) => entry.key === command.key);
        const open = availableCredits(book.state.lots, at);
        const { outcome } = book.run(command, now);
        const name = outcome.kind === "recorded" ? outcome.entry.outcome.kind : outcome.kind;
        if (previous !== undefined)
          expect(name).toBe(previous.fingerprint === commandFingerprint(command) ? "replayed" : "key_reused");
        else if (command.op === "grant")
          expect(["already_expired", "too_many_lots", "balance_overflow", "granted"]).toContain(name);
        else if (!command.subscriptionActive) expect(name).toBe("subscription_inactive");
        else if (command.amount > open) expect(name).toBe("insufficient_balance");
        else expect(["member_limit_exceeded", "spent"]).toContain(name);
      }
    });
  });

  test("S4.21 everything once more changes nothing and answers as the first time, refusals too", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      const first = actions.map(({ command, after }) => ({
        command,
        outcome: book.run(command, (now += after)).outcome,
      }));
      const [length, state] = [book.entries.length, book.state];
      for (const { command, outcome } of first) {
        if (outcome.kind !== "recorded") continue;
        const again = book.run(command, now);
        expect(again.outcome).toEqual({ kind: "replayed", previous: outcome.entry });
      }
      expect(book.entries.length).toBe(length);
      expect(book.state).toMatchObject({ seq: state.seq, balance: state.balance, lots: state.lots });
    });
  });

  test("a lot gives only while it lasts, and never more than it holds", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      for (const { command, after } of actions) book.run(command, (now += after));
      let held = new Map<number, number>();
      for (const entry of book.entries) {
        const left = new Map(entry.lots.map((lot) => [lot.seq, lot.remainder]));
        for (const lot of book.entries.flatMap((one) => one.lots).filter(({ seq }) => held.has(seq))) {
          const given = (held.get(lot.seq) ?? 0) - (left.get(lot.seq) ?? 0);
          if (entry.kind === "grant" && entry.lotSeq === lot.seq) expect(given).toBe(-entry.amount);
          else expect(given).toBeGreaterThanOrEqual(0);
          if (given > 0 && entry.kind === "spend") {
            expect(lot.effectiveAt).toBeLessThanOrEqual(entry.at);
            expect(lot.expiresAt ?? Infinity).toBeGreaterThan(entry.at);
          }
          if (given > 0 && entry.kind === "expire")
            expect([entry.lotSeq, (lot.expiresAt ?? Infinity) <= entry.at]).toEqual([lot.seq, true]);
        }
        held = left;
      }
    });
  });

  test("K17 no two open lots are of equal terms, and each grant has an entry of its own", () => {
    property((actions) => {
      const book = new Book();
      let now = START;
      for (const { command, after } of actions) {
        const { outcome } = book.run(command, (now += after));
        const terms = book.state.lots.map(({ kind, priority, start, expiresAt }) =>
          [kind, priority, start, expiresAt].join(),
        );
        expect(new Set(terms).size).toBe(terms.length);
        if (command.op === "grant" && outcome.kind === "recorded")
          expect(outcome.entry).toMatchObject({ kind: "grant", amount: command.amount });
      }
    });
  });

  test("K17 what entries carry of the lots is read back as it was, whole or by what changed", () => {
    const change = fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 1e9 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (steps) => {
        const [texts, left] = [new Map<number, string>(), new Map<number, number>()];
        let base: FullRemainders | null = null;
        for (const [index, changes] of steps.entries()) {
          for (const [lot, remainder] of changes)
            if (remainder === 0) left.delete(lot);
            else left.set(lot, remainder);
          const lots = [...left].map(([seq, remainder]) => ({ seq, remainder }) as Lot);
          const packed = packRemainders(index, lots, base);
          texts.set(index, packed.text);
          const read = unpackRemainders(index, packed.text, (seq) => texts.get(seq) ?? "");
          expect(new Map([...read.remainders].sort())).toEqual(new Map([...left].sort()));
          expect(read.base).toEqual(packed.base);
          ({ base } = packed);
        }
      }),
      { numRuns: 200 },
    );
  });
});
