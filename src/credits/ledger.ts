import { assert } from "../kernel/assert.ts";
import {
  AMOUNT_MAX,
  type LedgerCommand,
  commandFingerprint,
  type GrantCommand,
  type SpendCommand,
} from "./ledger-command.ts";
import { addSpending, type SpendingFigures, spendingFigures, type Spending } from "./spending-limit.ts";
import { availableCredits, spendFromLots, findMergeableLot, isDue, type Lot, totalRemainder } from "./lot.ts";

/** Open lots of an account. Each command looks at all of them, so they are bounded. */
export const LOTS_MAX = 1_000;

/** What an entry says of its command for ever, refusals too: a replay answers with it. */
export type RecordedOutcome =
  | ({
      readonly kind: "subscription_inactive" | "insufficient_balance" | "member_limit_exceeded" | "spent";
      readonly required: number;
    } & SpendingFigures)
  | { readonly kind: "granted"; readonly lot: Omit<Lot, "remainder" | "seq" | "start"> }
  | { readonly kind: "expired" };

/**
 * One line of the ledger. It carries the state after it, so the last one is the state: nothing else is
 * updated.
 */
export interface Entry {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly key: string;
  readonly kind: "grant" | "spend" | "expire";
  readonly at: number;
  /** Who spent; null for what no member did. */
  readonly memberId: string | null;
  /** What it adds to the balance: below 0 when credits go, 0 for a refusal. */
  readonly amount: number;
  readonly balance: number;
  readonly lots: readonly Lot[];
  readonly lotSeq: number | null;
  readonly description: string | null;
  readonly fingerprint: string;
  readonly outcome: RecordedOutcome;
}

/** What one command needs to know. */
export interface LedgerState<Previous = { readonly fingerprint: string }> {
  readonly seq: number;
  /** The time of the last entry. Time never runs backwards in a ledger, even if the machine's clock does. */
  readonly at: number;
  readonly balance: number;
  readonly lots: readonly Lot[];
  /** Of the member who spends. */
  readonly spending: Spending;
  /** The entry under the command's key. */
  readonly previous: Previous | null;
}

/** In order of precedence. Only outcomes with an entry are recorded; the others change nothing at all. */
export type CommandOutcome<Previous> =
  | { readonly kind: "replayed"; readonly previous: Previous }
  | { readonly kind: "key_reused" }
  | ({ readonly kind: "subscription_inactive"; readonly required: number } & SpendingFigures)
  | { readonly kind: "already_expired" | "too_many_lots" | "balance_overflow" }
  | { readonly kind: "recorded"; readonly entry: Entry };

export interface LedgerStep<Previous> {
  readonly outcome: CommandOutcome<Previous>;
  /** In order: lots that were due, then the command's own. */
  readonly entries: readonly Entry[];
  readonly state: LedgerState<Previous>;
}

/** The rule of the ledger. The checks are in the order of their precedence. */
export function applyCommand<Previous extends { readonly fingerprint: string }>(
  state: LedgerState<Previous>,
  command: LedgerCommand,
  now: number,
): LedgerStep<Previous> {
  assert(
    Number.isSafeInteger(command.amount) && command.amount >= 1 && command.amount <= AMOUNT_MAX,
    "an amount is an integer in range",
  );
  const { previous } = state;
  if (previous !== null) {
    const same = previous.fingerprint === commandFingerprint(command);
    return { outcome: same ? { kind: "replayed", previous } : { kind: "key_reused" }, entries: [], state };
  }
  return command.op === "spend" ? spend(state, command, now) : grant(state, command, now);
}

function spend<Previous>(
  state: LedgerState<Previous>,
  command: SpendCommand,
  now: number,
): LedgerStep<Previous> {
  const expired = expireLots(state, now);
  const { at, lots, spending } = expired.state;
  const { amount: required, memberId, description } = command;
  const spendable = availableCredits(lots, at);
  const figuresNow = spendingFigures(command, spending, spendable, at);
  const refuse = (kind: "subscription_inactive" | "insufficient_balance" | "member_limit_exceeded") =>
    recordCommand(
      expired,
      command,
      {
        kind: "spend",
        memberId,
        description,
        amount: 0,
        lotSeq: null,
        outcome: { kind, required, ...figuresNow },
      },
      lots,
    );

  if (!command.subscriptionActive && command.settles) return refuse("subscription_inactive");
  if (!command.subscriptionActive)
    return { outcome: { kind: "subscription_inactive", required, ...figuresNow }, entries: [], state };
  if (required > spendable) return refuse("insufficient_balance");
  if (figuresNow.limit !== null && required > figuresNow.limit - figuresNow.spent)
    return refuse("member_limit_exceeded");

  // After this point the spending succeeds.
  const spendingAfter = addSpending(spending, required, at);
  assert(Number.isSafeInteger(spendingAfter.lifetime), "what a member has spent stays exact");
  const outcome = {
    kind: "spent" as const,
    required,
    ...spendingFigures(command, spendingAfter, spendable - required, at),
  };
  const step = recordCommand(
    expired,
    command,
    { kind: "spend", memberId, description, amount: -required, lotSeq: null, outcome },
    spendFromLots(lots, required, at),
  );
  return { ...step, state: { ...step.state, spending: spendingAfter } };
}

function grant<Previous>(
  state: LedgerState<Previous>,
  command: GrantCommand,
  now: number,
): LedgerStep<Previous> {
  const expired = expireLots(state, now);
  const { at, balance, lots, seq } = expired.state;
  const { kind, amount, priority, expiresAt } = command;
  const effectiveAt = command.effectiveAt ?? at;
  const refuse = (
    reason: "already_expired" | "too_many_lots" | "balance_overflow",
  ): LedgerStep<Previous> => ({
    outcome: { kind: reason },
    entries: [],
    state,
  });

  if (expiresAt !== null && expiresAt <= Math.max(at, effectiveAt)) return refuse("already_expired");
  const start = effectiveAt === at ? null : effectiveAt;
  const openLot = findMergeableLot(lots, { kind, priority, start, expiresAt }, amount);
  if (openLot === undefined && lots.length >= LOTS_MAX) return refuse("too_many_lots");
  if (amount > Number.MAX_SAFE_INTEGER - balance) return refuse("balance_overflow");

  // After this point the grant succeeds.
  const lot = { kind, amount, priority, effectiveAt, expiresAt };
  const lotSeq = openLot?.seq ?? seq + 1;
  const after =
    openLot === undefined
      ? [...lots, { ...lot, start, seq: lotSeq, remainder: amount }]
      : lots.map((one) =>
          one === openLot ? { ...one, amount: one.amount + amount, remainder: one.remainder + amount } : one,
        );
  return recordCommand(
    expired,
    command,
    { kind: "grant", memberId: null, description: null, amount, lotSeq, outcome: { kind: "granted", lot } },
    after,
  );
}

interface ExpiredLots<Previous> {
  readonly entries: readonly Entry[];
  readonly state: LedgerState<Previous>;
}

/**
 * Ends the lots that are due, one entry each. Part of every command, and of the alarm when no command comes.
 */
export function expireLots<Previous>(state: LedgerState<Previous>, now: number): ExpiredLots<Previous> {
  const at = Math.max(now, state.at);
  let current = { ...state, at };
  const entries: Entry[] = [];
  for (const lot of state.lots.filter((candidate) => isDue(candidate, at))) {
    const entry = appendEntry(
      current,
      {
        key: `expire:${lot.seq}`,
        kind: "expire",
        memberId: null,
        description: null,
        amount: -lot.remainder,
        lotSeq: lot.seq,
        fingerprint: "",
        outcome: { kind: "expired" },
      },
      current.lots.filter(({ seq }) => seq !== lot.seq),
    );
    entries.push(entry);
    current = { ...current, seq: entry.seq, balance: entry.balance, lots: entry.lots };
  }
  return { entries, state: current };
}

type NewEntry = Omit<Entry, "seq" | "at" | "balance" | "lots">;

function recordCommand<Previous>(
  expired: ExpiredLots<Previous>,
  command: LedgerCommand,
  line: Omit<NewEntry, "key" | "fingerprint">,
  lots: readonly Lot[],
): LedgerStep<Previous> {
  const entry = appendEntry(
    expired.state,
    { ...line, key: command.key, fingerprint: commandFingerprint(command) },
    lots,
  );
  const { seq, balance } = entry;
  return {
    outcome: { kind: "recorded", entry },
    entries: [...expired.entries, entry],
    state: { ...expired.state, seq, balance, lots },
  };
}

function appendEntry(state: LedgerState<unknown>, line: NewEntry, lots: readonly Lot[]): Entry {
  const balance = state.balance + line.amount;
  assert(
    Number.isSafeInteger(balance) && balance >= 0,
    "the balance is an exact number of credits, never below 0",
  );
  assert(balance === totalRemainder(lots), "the balance is the sum of the lots' remainders");
  return { ...line, seq: state.seq + 1, at: state.at, balance, lots };
}
