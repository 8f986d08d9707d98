import type { ResourceRef } from "../../access/decision.ts";
import type { Right } from "../../access/right.ts";
import type { AuditEvent, Origin } from "../../audit/chain/event.ts";
import type { Env } from "../../env.ts";
import type { UploadedFile } from "../../kernel/http/body.ts";
import type { Db, Expression, GuardName, Statement } from "../../kernel/db.ts";
import type { Answer, Operation } from "../../kernel/http/operation.ts";
import type { Problem, ProblemCode } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import type { Principal } from "../principals/principal.ts";
import type { ConflictPlace } from "./turn.ts";

/**
 * The writes of a handler, all or nothing. The gate adds the stamp's guard, the outbox and the idempotency
 * record.
 */
export interface Change {
  /** Conditions first (`guard`), then writes. */
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  /** Refusals that are recorded with it. Repeats of one kind within a minute become one row. */
  readonly refusalEvents?: readonly AuditEvent[];
  /** The answer when a guard of this change fails. "stale" and "changed" start another run. */
  readonly guardProblems?: Readonly<Partial<Record<GuardName, ProblemCode | Problem>>>;
  /** The same for a unique constraint, by its columns: `member.account_id, member.email`. */
  readonly duplicateProblems?: Readonly<Record<string, ProblemCode>>;
  /** Unique constraints whose failure starts another attempt: another call wrote the same first. */
  readonly retryOnDuplicate?: readonly string[];
  /** Mails about the change. They leave after it is written. A mail that fails undoes nothing. */
  readonly mails?: readonly MailMessage[];
  /**
   * A value that is generated inside the batch, for example a login number. It is copied into field `member`
   * of the answer, the idempotency record, the event and the mail. `within`: the object of the answer that
   * holds the field.
   */
  readonly generated?: { readonly member: string; readonly value: Expression; readonly within?: string };
  /** Many changes in one call: each is remembered under the call's Idempotency-Key and its own name. */
  readonly subKey?: string;
}

/** Nothing is written. */
export const NO_CHANGE: Change = { statements: [], events: [] };

export type Results<T extends readonly Statement[]> = { -readonly [K in keyof T]: T[K]["_"]["result"] };

/** Events of the trail that have no right of the same name. */
export type EventName =
  | "token.create"
  | "session.create"
  | "session.refresh"
  | "session.end"
  | "member.activate"
  | "member.export"
  | "credits.export"
  | "invitation.create"
  | "invitation.show"
  | "invitation.send"
  | "invitation.accept"
  | "invitation.revoke"
  | "assessment.edit"
  | "assessment.delete"
  | "hook.deliver"
  | "email.verify"
  | "email.change"
  | "ownership.offer"
  | "ownership.withdraw"
  | "ownership.decline"
  | "ownership.transfer"
  | "object.transfer"
  | "license.edit"
  | "sos_license.block"
  | "sos_license.clear"
  | "aggregator_license.create"
  | "aggregator_license.revoke"
  | "account.accept_restored"
  | "audit.erase"
  | "me.edit"
  | "email.ask"
  | "rights.export";

/**
 * One attempt at one authenticated call. A handler asks in this order: `read` (guarded) -> `requireRight` ->
 * `body` -> `ifMatch` -> rules -> `commit` (guarded). When the stamp turns out stale, or a refusal rested on
 * a cached grant set that nothing has confirmed, the gate loads the principal again and runs the handler
 * again; when another change of the object came first, it runs the handler again in its turn. So a handler
 * has no effect before `commit`.
 */
export interface Call<Body = unknown, Query = unknown> {
  readonly env: Env;
  readonly db: Db;
  readonly principal: Principal;
  /** The number of this run, from 1: a call that met another change runs again. */
  readonly runNumber: number;
  /** What a run leaves to the next run of the same call. */
  readonly runState: Map<string, number>;
  /** The place where its changes can meet changes of other calls. */
  readonly conflictPlace: ConflictPlace;
  /** Milliseconds since the epoch, the same for the whole attempt. */
  readonly now: number;
  readonly origin: Origin;
  readonly params: Readonly<Record<string, string>>;
  /** The language of the answer: by Accept-Language, else the member's language, else the account's. */
  readonly language: Locale;
  /** @throws Problem validation */
  query(): Query;
  /**
   * One D1 batch that returns the stamp beside the data. With no statements it only confirms the stamp.
   * @throws StaleStamp
   */
  read<const T extends readonly Statement[]>(...statements: T): Promise<Results<T>>;
  /**
   * @param hidden whether a refusal hides the object; or the right without which it does; or the refusal
   * @throws Problem access/denied; or not-found when the caller may not even view the object
   */
  requireRight(right: Right, on?: ResourceRef, hidden?: boolean | Problem | Right): void;
  /**
   * A write needs view of its object too. The member's view counts; the scopes of the call's key do not.
   * @throws Problem `missing`, else not-found
   */
  requireView(right: Right, on: ResourceRef, missing?: Problem): void;
  /**
   * The validated body. An effect that was made before under the same Idempotency-Key is answered here and
   * now instead (never for "ledger", which keeps its own record).
   * @throws Problem idempotency/missing, validation, idempotency/mismatch
   */
  body(): Promise<Body>;
  /**
   * Gives the file that was sent to `keep`, once for all attempts. A file that no commit refers to afterwards
   * belongs to no object. @throws Problem media-type, validation
   */
  upload<T>(keep: (file: UploadedFile) => Promise<T>): Promise<T>;
  /**
   * A text field of the body before it is validated. The object that it names is loaded with the rest and
   * decided first.
   */
  peekField(member: string): string | null;
  /** The caller's Idempotency-Key before it is required: what is kept under it is loaded with the rest. */
  peekIdempotencyKey(): string | null;
  /** The caller's Idempotency-Key, for a ledger command. @throws Problem idempotency/missing */
  idempotencyKey(): string;
  /** What makes this command the same command: method, path with query, account acted on, body. */
  fingerprint(): string;
  /** Whether a remembered fingerprint is this command's. */
  isSameCommand(remembered: string): boolean;
  /** @throws Problem precondition-required, precondition-failed */
  ifMatch(version: number): void;
  /** An event of this caller, in the chain of `accountId`; by default in that of the account acted on. */
  event(
    action: Right | EventName,
    resource: AuditEvent["resource"],
    more?: Partial<Pick<AuditEvent, "changes" | "reason" | "cost" | "outcome" | "accountId">>,
  ): AuditEvent;
  /**
   * Writes all or nothing in one D1 batch and then answers. @throws StaleStamp, or the Problem that the
   * change names for its guard
   */
  commit(change: Change, answer: Answer): Promise<Answer>;
  /**
   * Writes one event with what belongs to it, not guarded by the stamp: for what is done already, or was
   * refused.
   */
  record(event: AuditEvent, ...beside: readonly Statement[]): Promise<void>;
  /** Writes a refusal, not guarded by the stamp: of one kind, repeats within a minute become one row. */
  recordRefusal(event: AuditEvent): Promise<void>;
  /** Goes on after the answer was sent. */
  defer(work: Promise<unknown>): void;
}

/**
 * A call that needs no credential, for example to signing keys, claims and documentation, or one that is
 * signed in another way.
 */
export interface OpenCall<Body = unknown, Query = unknown>
  extends Pick<Call<Body, Query>, "env" | "db" | "now" | "origin" | "params" | "query" | "body" | "defer"> {
  readonly headers: Headers;
  /** The body as it came, where the operation asks for it raw. */
  readonly raw: Uint8Array;
  /** The language of the answer, by Accept-Language alone. */
  readonly language: Locale;
  /**
   * The caller, where a credential was sent all the same; null without one. @throws Problem
   * auth/invalid-credential, auth/blocked, ip/not-allowed
   */
  findCaller(): Promise<Principal | null>;
  /**
   * Runs `work` again, in its turn, while it throws `WriteConflict`. It may have an effect in its last write
   * only.
   * @throws Problem stale
   */
  retryOnConflict<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Acts as a member, with the rights that the member has now; again when they change meanwhile. Null when no
   * member is loaded. @throws Problem
   */
  runAsMember<T>(load: () => Promise<Principal | null>, work: (call: Call) => Promise<T>): Promise<T | null>;
}

/** A route: its operation, and what it does for a known caller, or for any caller. */
export type Endpoint = { readonly operation: Operation } & (
  | { readonly handle: (call: Call) => Promise<Answer> }
  | { readonly open: (call: OpenCall) => Promise<Answer> }
);

/** Ties a handler to the schemas of its operation. */
export const endpoint = <Body, Query>(
  operation: Operation<Body, Query>,
  handle: (call: Call<Body, Query>) => Promise<Answer>,
): Endpoint => ({ operation, handle: handle as (call: Call) => Promise<Answer> });

/** The same for a route that takes no credential. */
export const openEndpoint = <Body, Query>(
  operation: Operation<Body, Query>,
  open: (call: OpenCall<Body, Query>) => Promise<Answer>,
): Endpoint => ({ operation, open: open as (call: OpenCall) => Promise<Answer> });
