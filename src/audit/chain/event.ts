/** Who did it: what a change, a denial or a ledger entry says of its author. */
export interface Actor {
  readonly type: "member" | "system";
  readonly memberId: string | null;
  /** The account the member belongs to; another one than the chain's when the platform acts on a tenant. */
  readonly accountId: string | null;
  readonly login: string | null;
  readonly email: string | null;
  readonly apiKeyId: string | null;
  /** Instead of a key: the session of a person, or the hook through which it came. */
  readonly sessionId?: string | undefined;
  readonly hookId?: string | undefined;
}

/** What the trail calls a member: the Dealer ID in models that have one, which is its login there. */
export const actorLogin = ({
  login,
  username,
}: {
  readonly login: string | null;
  readonly username: string;
}): string => login ?? username;

/** Where the call came from. */
export interface Origin {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export type Outcome = "success" | "denied" | "failed";

/** One row of the trail before it is sealed. `at` is milliseconds since the epoch. */
export interface AuditEvent {
  readonly id: string;
  readonly accountId: string;
  readonly at: number;
  readonly actor: Actor;
  /** The right that was used or lacking, such as `product.edit`. */
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string | null };
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** Credits; null where none are involved. */
  readonly cost: number | null;
  readonly origin: Origin;
  /** What changed, secrets masked. */
  readonly changes: {
    readonly before: Readonly<Record<string, unknown>>;
    readonly after: Readonly<Record<string, unknown>>;
  } | null;
  /** A refusal that came again within a minute: this is the one row for so many repeats. */
  readonly repeated?: number | undefined;
  /** The place of its ledger entry; null for everything that is not one. */
  readonly ledgerSeq: number | null;
}

export const SYSTEM_ACTOR: Actor = {
  type: "system",
  memberId: null,
  accountId: null,
  login: null,
  email: null,
  apiKeyId: null,
};

/** One call as the call log keeps it: unsealed, lost at most for the last moments before a crash. */
export interface CallLogRow {
  readonly id: string;
  /** Empty when no principal was known. */
  readonly accountId: string;
  readonly at: number;
  readonly memberId: string | null;
  readonly apiKeyId: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** The id that the caller gave the call in X-Request-Id. */
  readonly callerRequestId: string | null;
}

/**
 * What travels through the queue. "staged" only says that the outbox of D1 holds events of the account: the
 * outbox is what gets sealed, so a lost, doubled or late message changes nothing. "entries" carries what the
 * account's object holds, so that sealing need not ask the object; entries that are missing are asked for.
 */
export type AuditMessage =
  | { readonly kind: "staged"; readonly accountId: string }
  | { readonly kind: "entries"; readonly accountId: string; readonly events: readonly AuditEvent[] }
  | { readonly kind: "calls"; readonly calls: readonly CallLogRow[] };

/**
 * The newest sealed place of a chain. The account's object keeps a copy that an editor of D1 cannot reach.
 */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
  readonly ledgerSeq: number;
}
