import { type Actor, type AuditEvent, type Origin, SYSTEM_ACTOR } from "../audit/chain/event.ts";
import type { ProblemCode } from "../kernel/http/problem.ts";
import type { Entry, CommandOutcome, RecordedOutcome } from "./ledger.ts";
import type { SpendingFigures } from "./spending-limit.ts";

/** Who gave a command and from where: part of the entry, because the entry is its own audit event. */
export interface EntryContext {
  readonly actor: Actor;
  readonly origin: Origin;
  /** The member who owned the account then. The owner is billed, also when another member spends. */
  readonly billedTo?: string;
  /**
   * It pays for a change whose own event has the cost, so that a cost is in one event only. The event of a
   * refused entry names that change, which was never made. Entries of an older gate do not name the change.
   */
  readonly paysFor?: "change" | PaidFor;
}

export interface PaidFor {
  readonly action: string;
  readonly resource: AuditEvent["resource"];
  /** What the change would have belonged to, such as the theme of a license: ids only. */
  readonly of: Readonly<Record<string, string>>;
}

export const SYSTEM_CONTEXT: EntryContext = {
  actor: SYSTEM_ACTOR,
  origin: { requestId: "system", ip: null, userAgent: null },
};

/** An entry as it is kept, with the names that the world knows it by. */
export interface PostedEntry extends Omit<Entry, "key" | "lots" | "lotSeq" | "fingerprint"> {
  readonly id: string;
  readonly lotId: string | null;
  readonly context: EntryContext;
}

/** What the object answers to a command: never an exception for a refusal. */
export type LedgerReply =
  | Exclude<CommandOutcome<never>, { readonly kind: "replayed" | "recorded" }>
  | { readonly kind: "recorded"; readonly replayed: boolean; readonly posted: PostedEntry }
  /** D1 was put back to an earlier state: nothing is spent or given until the platform accepts that. */
  | { readonly kind: "restored" };

/** What a member and an account have, at one moment. */
export interface CreditsSummary extends SpendingFigures {
  /** Everything that was granted and neither spent nor ended, lots that begin later too. */
  readonly balance: number;
  /** What can be spent now. */
  readonly available: number;
}

export const REFUSAL_CODES = {
  subscription_inactive: "credits/subscription-inactive",
  insufficient_balance: "credits/insufficient-balance",
  member_limit_exceeded: "credits/member-limit-exceeded",
} as const satisfies Partial<Record<RecordedOutcome["kind"], ProblemCode>>;

/** The code of a recorded refusal; null for what was done. */
export const refusalCodeOf = (outcome: RecordedOutcome): ProblemCode | null =>
  Object.hasOwn(REFUSAL_CODES, outcome.kind)
    ? REFUSAL_CODES[outcome.kind as keyof typeof REFUSAL_CODES]
    : null;

/**
 * The entry as the trail tells it. Its id follows from the entry's, so that the same entry sent twice is one
 * event. The description stays behind: what a person wrote can name a person, and a sealed body cannot be
 * erased.
 */
export function entryToEvent(accountId: string, entry: PostedEntry): AuditEvent {
  const { id, kind, at, amount, balance, lotId, outcome, context, seq } = entry;
  const refusal = refusalCodeOf(outcome);
  const lot = outcome.kind === "granted" ? { lotId, ...outcome.lot } : kind === "expire" ? { lotId } : {};
  const { paysFor } = context;
  if (refusal !== null && paysFor !== undefined && paysFor !== "change") {
    return {
      id: `evt_${id.slice(4)}`,
      accountId,
      at,
      actor: context.actor,
      action: paysFor.action,
      resource: paysFor.resource,
      outcome: "failed",
      reason: refusal,
      cost: null,
      origin: context.origin,
      changes: { before: {}, after: paysFor.of },
      ledgerSeq: seq,
    };
  }
  return {
    id: `evt_${id.slice(4)}`,
    accountId,
    at,
    actor: context.actor,
    action: `credits.${kind}`,
    resource: { type: "credits", id },
    outcome: refusal === null ? "success" : "denied",
    reason: refusal,
    cost: kind === "spend" && context.paysFor === undefined ? -amount : null,
    origin: context.origin,
    changes: refusal === null ? { before: { balance: balance - amount }, after: { balance, ...lot } } : null,
    ledgerSeq: seq,
  };
}
