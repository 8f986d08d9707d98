import { assert } from "../kernel/assert.ts";
import { AMOUNT_MAX, type Command, fingerprint, type GrantCommand, type SpendCommand } from "./command.ts";
import { charge, type Figures, figures, type Spending } from "./limit.ts";
import { available, burn, findEqual, isDue, type Lot, total } from "./lot.ts";

/** Open lots of an account. Each command looks at all of them, so they are bounded. */
export const LOTS_MAX = 1_000;

/** What an entry says of its command for ever, refusals too: a replay answers with it. */
export type Recorded =
  | ({
      readonly kind: "subscription_inactive" | "insufficient_balance" | "member_limit_exceeded" | "spent";
      readonly required: number;
    } & Figures)
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
  readonly outcome: Recorded;
}

/** What one command needs to know. */
export interface State<Previous = { readonly fingerprint: string }> {
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
export type Outcome<Previous> =
  | { readonly kind: "replayed"; readonly previous: Previous }
  | { readonly kind: "key_reused" }
  | ({ readonly kind: "subscription_inactive"; readonly required: number } & Figures)
  | { readonly kind: "already_expired" | "too_many_lots" | "balance_overflow" }
  | { readonly kind: "recorded"; readonly entry: Entry };

export interface Step<Previous> {
  readonly outcome: Outcome<Previous>;
  /** In order: lots that were due, then the command's own. */
  readonly entries: readonly Entry[];
  readonly state: State<Previous>;
}

/** The rule of the ledger. The checks are in the order of their precedence. */
export function apply<Previous extends { readonly fingerprint: string }>(
  state: State<Previous>,
  command: Command,
  now: number,
): Step<Previous> {
  assert(
    Number.isSafeInteger(command.amount) && command.amount >= 1 && command.amount <= AMOUNT_MAX,
    "an amount is an integer in range",
  );
  const { previous } = state;
  if (previous !== null) {
    const same = previous.fingerprint === fingerprint(command);
    return { outcome: same ? { kind: "replayed", previous } : { kind: "key_reused" }, entries: [], state };
  }
  return command.op === "spend" ? spend(state, command, now) : grant(state, command, now);
}

function spend<Previous>(state: State<Previous>, command: SpendCommand, now: number): Step<Previous> {
  const due = expire(state, now);
  const { at, lots, spending } = due.state;
  const { amount: required, memberId, description } = command;
  const open = available(lots, at);
  const told = figures(command, spending, open, at);
  const refuse = (kind: "subscription_inactive" | "insufficient_balance" | "member_limit_exceeded") =>
    record(
      due,
      command,
      { kind: "spend", memberId, description, amount: 0, lotSeq: null, outcome: { kind, required, ...told } },
      lots,
    );

  if (!command.subscriptionActive && command.settles) return refuse("subscription_inactive");
  if (!command.subscriptionActive)
    return { outcome: { kind: "subscription_inactive", required, ...told }, entries: [], state };
  if (required > open) return refuse("insufficient_balance");
  if (told.limit !== null && required > told.limit - told.spent) return refuse("member_limit_exceeded");

  // After this point the spending succeeds.
  const charged = charge(spending, required, at);
  assert(Number.isSafeInteger(charged.lifetime), "what a member has spent stays exact");
  const outcome = { kind: "spent" as const, required, ...figures(command, charged, open - required, at) };
  const step = record(
    due,
    command,
    { kind: "spend", memberId, description, amount: -required, lotSeq: null, outcome },
    burn(lots, required, at),
  );
  return { ...step, state: { ...step.state, spending: charged } };
}

function grant<Previous>(state: State<Previous>, command: GrantCommand, now: number): Step<Previous> {
  const due = expire(state, now);
  const { at, balance, lots, seq } = due.state;
  const { kind, amount, priority, expiresAt } = command;
  const effectiveAt = command.effectiveAt ?? at;
  const refuse = (reason: "already_expired" | "too_many_lots" | "balance_overflow"): Step<Previous> => ({
    outcome: { kind: reason },
    entries: [],
    state,
  });

  if (expiresAt !== null && expiresAt <= Math.max(at, effectiveAt)) return refuse("already_expired");
  const start = effectiveAt === at ? null : effectiveAt;
  const equal = findEqual(lots, { kind, priority, start, expiresAt }, amount);
  if (equal === undefined && lots.length >= LOTS_MAX) return refuse("too_many_lots");
  if (amount > Number.MAX_SAFE_INTEGER - balance) return refuse("balance_overflow");

  // After this point the grant succeeds.
  const lot = { kind, amount, priority, effectiveAt, expiresAt };
  const lotSeq = equal?.seq ?? seq + 1;
  const after =
    equal === undefined
      ? [...lots, { ...lot, start, seq: lotSeq, remainder: amount }]
      : lots.map((one) =>
          one === equal ? { ...one, amount: one.amount + amount, remainder: one.remainder + amount } : one,
        );
  return record(
    due,
    command,
    { kind: "grant", memberId: null, description: null, amount, lotSeq, outcome: { kind: "granted", lot } },
    after,
  );
}

interface Expired<Previous> {
  readonly entries: readonly Entry[];
  readonly state: State<Previous>;
}

/**
 * Ends the lots that are due, one entry each. Part of every command, and of the alarm when no command comes.
 */
export function expire<Previous>(state: State<Previous>, now: number): Expired<Previous> {
  const at = Math.max(now, state.at);
  let current = { ...state, at };
  const entries: Entry[] = [];
  for (const lot of state.lots.filter((candidate) => isDue(candidate, at))) {
    const entry = append(
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

type Line = Omit<Entry, "seq" | "at" | "balance" | "lots">;

function record<Previous>(
  due: Expired<Previous>,
  command: Command,
  line: Omit<Line, "key" | "fingerprint">,
  lots: readonly Lot[],
): Step<Previous> {
  const entry = append(due.state, { ...line, key: command.key, fingerprint: fingerprint(command) }, lots);
  const { seq, balance } = entry;
  return {
    outcome: { kind: "recorded", entry },
    entries: [...due.entries, entry],
    state: { ...due.state, seq, balance, lots },
  };
}

function append(state: State<unknown>, line: Line, lots: readonly Lot[]): Entry {
  const balance = state.balance + line.amount;
  assert(
    Number.isSafeInteger(balance) && balance >= 0,
    "the balance is an exact number of credits, never below 0",
  );
  assert(balance === total(lots), "the balance is the sum of the lots' remainders");
  return { ...line, seq: state.seq + 1, at: state.at, balance, lots };
}
