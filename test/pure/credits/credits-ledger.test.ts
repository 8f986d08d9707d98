import { describe, expect, test } from "vitest";
import {
  AMOUNT_MAX,
  type LedgerCommand,
  type GrantCommand,
  type SpendCommand,
} from "../../../src/credits/ledger-command.ts";
import {
  applyCommand,
  LOTS_MAX,
  type CommandOutcome,
  type LedgerState,
} from "../../../src/credits/ledger.ts";
import { addSpending, NOTHING_SPENT } from "../../../src/credits/spending-limit.ts";
import type { Lot } from "../../../src/credits/lot.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const HOUR_MS = 3_600_000;

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

function world(lots: readonly Lot[], more: Partial<LedgerState> = {}): LedgerState {
  return {
    seq: lots.length,
    at: NOW - HOUR_MS,
    balance: lots.reduce((sum, { remainder }) => sum + remainder, 0),
    lots,
    spending: NOTHING_SPENT,
    previous: null,
    ...more,
  };
}

const spend = (amount: number, more: Partial<SpendCommand> = {}): SpendCommand => ({
  op: "spend",
  key: "mem_1:k",
  memberId: "mem_1",
  amount,
  description: null,
  limit: null,
  limitPeriod: "lifetime",
  subscriptionActive: true,
  settles: false,
  ...more,
});

const grant = (amount: number, more: Partial<GrantCommand> = {}): GrantCommand => ({
  op: "grant",
  key: "mem_p:k",
  kind: "top_up",
  amount,
  priority: 100,
  effectiveAt: null,
  expiresAt: null,
  ...more,
});

const spent = (amount: number, at = NOW) => addSpending(NOTHING_SPENT, amount, at);
const before = (command: LedgerCommand) => ({
  fingerprint: JSON.stringify(
    command.op === "spend"
      ? ["spend", command.memberId, command.amount, command.description]
      : ["grant", command.kind, command.amount, command.priority, command.effectiveAt, command.expiresAt],
  ),
});

/** The name under which a row of the table is decided. */
const nameOf = (outcome: CommandOutcome<unknown>): string =>
  outcome.kind === "recorded" ? outcome.entry.outcome.kind : outcome.kind;

/** As many lots as an account may have, all of different terms. */
const full = Array.from({ length: LOTS_MAX }, (_, index) => lot(index + 1, 1, { priority: 200 + index }));

// In the order in which the rule decides: each row would also meet the refusals below it.
const TABLE: ReadonlyArray<
  readonly [case_: string, state: LedgerState, command: LedgerCommand, outcome: string]
> = [
  [
    "a spend made before, with all that has changed since",
    world([], { previous: before(spend(5)) }),
    spend(5, { limit: 0, subscriptionActive: false }),
    "replayed",
  ],
  [
    "a grant made before, though it would now be over",
    world(full, { previous: before(grant(5, { expiresAt: 1 })) }),
    grant(5, { expiresAt: 1 }),
    "replayed",
  ],
  [
    "a used key with another amount",
    world([], { previous: before(spend(5)) }),
    spend(6, { subscriptionActive: false }),
    "key_reused",
  ],
  [
    "a used key with another description",
    world([lot(1, 9)], { previous: before(spend(5)) }),
    spend(5, { description: "other" }),
    "key_reused",
  ],
  [
    "a used key with another member",
    world([lot(1, 9)], { previous: before(spend(5)) }),
    spend(5, { memberId: "mem_2" }),
    "key_reused",
  ],
  [
    "a used key with another operation",
    world([lot(1, 9)], { previous: before(spend(5)) }),
    grant(5),
    "key_reused",
  ],
  [
    "a used key with another end of the lot",
    world([], { previous: before(grant(5)) }),
    grant(5, { expiresAt: NOW + 1 }),
    "key_reused",
  ],
  [
    "an inactive subscription, and nothing to spend",
    world([]),
    spend(5, { limit: 0, subscriptionActive: false }),
    "subscription_inactive",
  ],
  [
    "an inactive subscription, though there is enough",
    world([lot(1, 9)]),
    spend(5, { subscriptionActive: false }),
    "subscription_inactive",
  ],
  [
    "S4.18 less in the account than asked, and past the limit",
    world([lot(1, 4)]),
    spend(5, { limit: 0 }),
    "insufficient_balance",
  ],
  [
    "credits that begin later",
    world([lot(1, 9, { effectiveAt: NOW + 1 })]),
    spend(5),
    "insufficient_balance",
  ],
  ["credits that are just over", world([lot(1, 9, { expiresAt: NOW })]), spend(5), "insufficient_balance"],
  [
    "S4.21 one past the limit",
    world([lot(1, 9)], { spending: spent(1) }),
    spend(5, { limit: 5 }),
    "member_limit_exceeded",
  ],
  ["S4.21 a limit of 0", world([lot(1, 9)]), spend(1, { limit: 0 }), "member_limit_exceeded"],
  [
    "S4.21 a limit set below what is spent",
    world([lot(1, 9)], { spending: spent(8) }),
    spend(1, { limit: 5 }),
    "member_limit_exceeded",
  ],
  ["S4.21 exactly to the limit", world([lot(1, 9)], { spending: spent(1) }), spend(4, { limit: 5 }), "spent"],
  ["credits that begin now", world([lot(1, 9, { effectiveAt: NOW })]), spend(9), "spent"],
  ["S4.23 no limit: to the last credit", world([lot(1, 9)]), spend(9), "spent"],
  [
    "a limit of the day, used up yesterday",
    world([lot(1, 9)], { spending: spent(5, NOW - 24 * HOUR_MS) }),
    spend(5, { limit: 5, limitPeriod: "day" }),
    "spent",
  ],
  [
    "a lot that ends at once, in a full account",
    world(full),
    grant(1, { expiresAt: NOW }),
    "already_expired",
  ],
  [
    "a lot that ends before it begins",
    world([]),
    grant(1, { effectiveAt: NOW + 2, expiresAt: NOW + 1 }),
    "already_expired",
  ],
  ["one lot too many", world(full), grant(1), "too_many_lots"],
  [
    "K17 a lot of another start, in a full account",
    world(full),
    grant(1, { priority: 200, effectiveAt: NOW - 1 }),
    "too_many_lots",
  ],
  [
    "a balance that could not be counted exactly",
    world([lot(1, Number.MAX_SAFE_INTEGER)]),
    grant(1),
    "balance_overflow",
  ],
  ["the last exact balance", world([lot(1, Number.MAX_SAFE_INTEGER - 1)]), grant(1), "granted"],
  [
    "room in a full account, because a lot is due",
    world([...full.slice(1), lot(LOTS_MAX + 1, 1, { expiresAt: NOW })], { seq: LOTS_MAX + 1 }),
    grant(1),
    "granted",
  ],
  ["K17 one of equal terms, in a full account", world(full), grant(1, { priority: 200 }), "granted"],
  ["the largest grant", world([]), grant(AMOUNT_MAX), "granted"],
];

describe("the ledger decides in order of precedence", () => {
  test.each(TABLE)("%s", (_, state, command, outcome) => {
    expect(nameOf(applyCommand(state, command, NOW).outcome)).toBe(outcome);
  });

  test("and the table has a row for every outcome, in its order", () => {
    const order = [
      "replayed",
      "key_reused",
      "subscription_inactive",
      "insufficient_balance",
      "member_limit_exceeded",
      "spent",
      "already_expired",
      "too_many_lots",
      "balance_overflow",
      "granted",
    ];
    expect([...new Set(TABLE.map(([, , , outcome]) => outcome))]).toEqual(order);
  });

  test.each(
    TABLE.filter(([, , , outcome]) =>
      [
        "replayed",
        "key_reused",
        "subscription_inactive",
        "already_expired",
        "too_many_lots",
        "balance_overflow",
      ].includes(outcome),
    ),
  )("nothing at all is written: %s", (_, state, command) => {
    const step = applyCommand(state, command, NOW);
    expect(step.entries).toEqual([]);
    expect(step.state).toBe(state);
  });

  test.each(
    TABLE.filter(([, , , outcome]) => ["insufficient_balance", "member_limit_exceeded"].includes(outcome)),
  )("a recorded refusal moves nothing: %s", (_, state, command) => {
    const step = applyCommand(state, command, NOW);
    expect(step.entries.at(-1)).toMatchObject({ kind: "spend", amount: 0, balance: step.state.balance });
    expect(step.state.spending).toEqual(state.spending);
  });

  test("a refusal that is final is recorded for an inactive subscription, too", () => {
    const command = spend(5, { subscriptionActive: false, settles: true });
    const step = applyCommand(world([lot(1, 9)]), command, NOW);
    expect(step.entries).toMatchObject([
      { kind: "spend", amount: 0, balance: 9, outcome: { kind: "subscription_inactive", required: 5 } },
    ]);
    // A subscription that is active makes no difference to the other answers.
    expect(nameOf(applyCommand(world([lot(1, 9)]), spend(5, { settles: true }), NOW).outcome)).toBe("spent");
  });

  test.each([0, -1, 1.5, AMOUNT_MAX + 1, Number.NaN, Number.POSITIVE_INFINITY])(
    "an amount of %s is a bug of the caller",
    (amount) => {
      expect(() => applyCommand(world([lot(1, 9)]), spend(amount), NOW)).toThrow("integer in range");
    },
  );
});

describe("a state that does not add up is refused, not carried on", () => {
  const spender = addSpending(NOTHING_SPENT, Number.MAX_SAFE_INTEGER, 0);
  test.each<[string, LedgerState, LedgerCommand, message: string]>([
    ["less than its lots", world([lot(1, 9)], { balance: 8 }), spend(1), "the sum of the lots"],
    ["more than its lots", world([lot(1, 9)], { balance: 10 }), grant(1), "the sum of the lots"],
    [
      "below 0",
      world([lot(1, -9)]),
      grant(1, { kind: "promo" }),
      "an exact number of credits, never below 0",
    ],
    ["a part of a credit", world([lot(1, 1.5)]), spend(1), "an exact number of credits, never below 0"],
    ["a counter that is full", world([lot(1, 9)], { spending: spender }), spend(1), "stays exact"],
  ])("%s", (_, state, command, message) => expect(() => applyCommand(state, command, NOW)).toThrow(message));
});

describe("what the caller is answered", () => {
  test("S4.21 past the limit: required, limit, spent and remaining", () => {
    const { outcome } = applyCommand(world([lot(1, 9)], { spending: spent(3) }), spend(3, { limit: 5 }), NOW);
    expect(outcome).toMatchObject({
      entry: {
        outcome: {
          kind: "member_limit_exceeded",
          required: 3,
          limit: 5,
          limitPeriod: "lifetime",
          spent: 3,
          remaining: 2,
        },
      },
    });
  });

  test("S4.23 no limit: all that the account can spend now remains", () => {
    const { outcome } = applyCommand(world([lot(1, 9), lot(2, 4, { effectiveAt: NOW + 1 })]), spend(3), NOW);
    expect(outcome).toMatchObject({
      entry: { balance: 10, outcome: { kind: "spent", limit: null, spent: 3, remaining: 6 } },
    });
  });

  test("S4.22 the account's balance pays, and the entry names the member", () => {
    const { entries, state } = applyCommand(world([lot(1, 9)]), spend(4), NOW);
    expect(entries).toMatchObject([{ seq: 2, memberId: "mem_1", amount: -4, balance: 5 }]);
    expect(state).toMatchObject({ balance: 5, spending: { lifetime: 4, day: 4, week: 4, month: 4 } });
  });

  test("S4.38 a limit below what is spent leaves 0, never less", () => {
    const { outcome } = applyCommand(world([lot(1, 9)], { spending: spent(8) }), spend(1, { limit: 5 }), NOW);
    expect(outcome).toMatchObject({ entry: { outcome: { spent: 8, remaining: 0 } } });
  });
});

describe("lots", () => {
  test("K17 grants of equal terms are one lot, with an entry for each", () => {
    let state = world([]);
    const entries = [grant(5), grant(7, { key: "b" }), grant(1, { key: "c" })].map((command, index) => {
      const step = applyCommand(state, command, NOW + index);
      ({ state } = step);
      return step.entries[0];
    });
    expect(entries).toMatchObject([
      { seq: 1, amount: 5, lotSeq: 1, balance: 5, outcome: { lot: { amount: 5, effectiveAt: NOW } } },
      { seq: 2, amount: 7, lotSeq: 1, balance: 12, outcome: { lot: { amount: 7, effectiveAt: NOW + 1 } } },
      { seq: 3, amount: 1, lotSeq: 1, balance: 13 },
    ]);
    expect(state.lots).toMatchObject([{ seq: 1, amount: 13, remainder: 13, effectiveAt: NOW }]);
  });

  const later = { effectiveAt: NOW + HOUR_MS, expiresAt: NOW + 9 * HOUR_MS };
  test.each<[string, Partial<GrantCommand>, Partial<GrantCommand>, number]>([
    ["kind", {}, { kind: "promo" }, 2],
    ["priority", {}, { priority: 99 }, 2],
    ["end", { expiresAt: NOW + 9 }, { expiresAt: NOW + 10 }, 2],
    ["end and none", {}, { expiresAt: NOW + 9 }, 2],
    ["start and at once", {}, { effectiveAt: NOW + 9 }, 2],
    ["start in the past", {}, { effectiveAt: NOW - 9 }, 2],
    ["amount alone: one", {}, { amount: 9 }, 1],
    ["amount alone, later: one", later, { ...later, amount: 9 }, 1],
  ])("K17 lots that differ in %s are never folded", (_, one, other, count) => {
    const { state } = applyCommand(world([]), grant(5, one), NOW);
    expect(applyCommand(state, grant(5, { key: "other", ...other }), NOW).state.lots).toHaveLength(count);
  });

  test("K17 a lot that is empty or over takes nothing more, and one never counts more than exactly", () => {
    const { state } = applyCommand(world([lot(1, 4)]), spend(4), NOW);
    expect(applyCommand(state, grant(5), NOW).state.lots).toMatchObject([{ seq: 3, amount: 5 }]);
    const spentBefore = world([lot(1, 1, { amount: Number.MAX_SAFE_INTEGER })]);
    expect(applyCommand(spentBefore, grant(5), NOW).state.lots).toMatchObject([
      { seq: 1 },
      { seq: 2, amount: 5 },
    ]);
  });

  const order: ReadonlyArray<readonly [case_: string, lots: readonly Lot[], left: Record<number, number>]> = [
    ["the lower priority first", [lot(1, 5), lot(2, 5, { priority: 10 })], { 1: 5, 2: 1 }],
    [
      "then the earlier end",
      [lot(1, 5, { expiresAt: NOW + 9 }), lot(2, 5, { expiresAt: NOW + 8 })],
      { 1: 5, 2: 1 },
    ],
    ["an end before no end", [lot(1, 5), lot(2, 5, { expiresAt: NOW + 9 })], { 1: 5, 2: 1 }],
    ["then the older", [lot(1, 5), lot(2, 5)], { 1: 1, 2: 5 }],
    [
      "priority before the end",
      [lot(1, 5, { priority: 10 }), lot(2, 5, { expiresAt: NOW + 1 })],
      { 1: 1, 2: 5 },
    ],
    ["over several, and an empty one is gone", [lot(1, 1), lot(2, 2), lot(3, 5)], { 3: 4 }],
    [
      "not one that begins later",
      [lot(1, 5, { effectiveAt: NOW + 1, priority: 1 }), lot(2, 5)],
      { 1: 5, 2: 1 },
    ],
  ];
  test.each(order)("a spend of 4 burns %s", (_, lots, left) => {
    const { state } = applyCommand(world(lots), spend(4), NOW);
    expect(Object.fromEntries(state.lots.map(({ seq, remainder }) => [seq, remainder]))).toEqual(left);
  });

  test("what is due ends first, one entry each, and then the command is decided", () => {
    const lots = [lot(1, 3, { expiresAt: NOW - 1 }), lot(2, 5), lot(3, 2, { expiresAt: NOW })];
    const { entries, state } = applyCommand(world(lots), spend(4), NOW);
    expect(
      entries.map(({ seq, kind, amount, balance, lotSeq, key }) => ({
        seq,
        kind,
        amount,
        balance,
        lotSeq,
        key,
      })),
    ).toEqual([
      { seq: 4, kind: "expire", amount: -3, balance: 7, lotSeq: 1, key: "expire:1" },
      { seq: 5, kind: "expire", amount: -2, balance: 5, lotSeq: 3, key: "expire:3" },
      { seq: 6, kind: "spend", amount: -4, balance: 1, lotSeq: null, key: "mem_1:k" },
    ]);
    expect(entries[0]).toMatchObject({ memberId: null, fingerprint: "", outcome: { kind: "expired" } });
    expect(state).toMatchObject({ seq: 6, balance: 1 });
  });

  test("a clock that runs backwards brings nothing back", () => {
    const { entries, state } = applyCommand(
      world([lot(1, 3, { expiresAt: NOW })], { at: NOW }),
      spend(1),
      NOW - HOUR_MS,
    );
    expect(entries.map(({ kind, at }) => [kind, at])).toEqual([
      ["expire", NOW],
      ["spend", NOW],
    ]);
    expect(state.balance).toBe(0);
  });
});
