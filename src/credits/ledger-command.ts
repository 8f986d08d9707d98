import type { SpendingLimit } from "./spending-limit.ts";
import type { LotKind } from "./lot.ts";

/** Credits of one command, 1 to this. */
export const AMOUNT_MAX = 1_000_000_000;

export interface GrantCommand {
  readonly op: "grant";
  /** Who asks and under which Idempotency-Key. */
  readonly key: string;
  readonly kind: LotKind;
  readonly amount: number;
  readonly priority: number;
  /** Null: at once. */
  readonly effectiveAt: number | null;
  /** Null: never. */
  readonly expiresAt: number | null;
}

export interface SpendCommand extends SpendingLimit {
  readonly op: "spend";
  readonly key: string;
  readonly memberId: string;
  readonly amount: number;
  readonly description: string | null;
  readonly subscriptionActive: boolean;
  /** A refusal is final: it is recorded for every reason, so that the same command is refused for ever. */
  readonly settles: boolean;
}

export type LedgerCommand = GrantCommand | SpendCommand;

/**
 * What the caller asked, and nothing that merely surrounded it: limit, subscription and time may change
 * between two tries.
 */
export const commandFingerprint = (command: LedgerCommand): string =>
  JSON.stringify(
    command.op === "spend"
      ? ["spend", command.memberId, command.amount, command.description]
      : ["grant", command.kind, command.amount, command.priority, command.effectiveAt, command.expiresAt],
  );
