import { decide, type ResourceRef } from "../../access/decision.ts";
import type { Right } from "../../access/right.ts";
import { StaleStamp } from "../../access/stamp.ts";
import { isStampCurrent, readStamp } from "../../access/stamp.store.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { notifyAuditQueue, stageEvent } from "../../audit/chain/outbox.store.ts";
import { gatherRefusal } from "../../audit/chain/refusal.store.ts";
import type { UploadedFile } from "../../kernel/http/body.ts";
import { batch, type Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import { type IdempotencyRecord, REPLAYED_HEADER } from "../../kernel/http/idempotency.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { notifyMailQueue } from "../../channels/mail/outbox.store.ts";
import type { Locale } from "../../kernel/schema/team.ts";
import { checkAdmission } from "../principals/admission.ts";
import { withGenerated } from "../calls/generated-value.change.ts";
import type { Call, Change, EventName, Results } from "../calls/call.ts";
import { toCommitError, commitStatements } from "../calls/commit.change.ts";
import { findRecord } from "../calls/idempotency.store.ts";
import { languageOf } from "../calls/language.ts";
import type { Principal } from "../principals/principal.ts";
import {
  type DeniedRight,
  isDenial,
  isRecordedFailure,
  toRightProblem,
  toAuditedRefusal,
} from "../calls/audited-refusal.ts";
import { Replay } from "../calls/replay.ts";
import type { GateRequest } from "../calls/gate-request.ts";
import type { ConflictPlace } from "../calls/turn.ts";

/** The `Call` that a handler sees. `isConfirmed` turns true once D1 has said that the stamp holds. */
export class CallContext implements Call {
  readonly principal: Principal;
  isConfirmed: boolean;
  /** What `requireRight` refused, for the trail. */
  deniedRight: DeniedRight | null = null;
  readonly #request: GateRequest;
  #recordedAnswer: IdempotencyRecord | null = null;

  constructor(request: GateRequest, principal: Principal, confirmed: boolean) {
    this.#request = request;
    this.principal = principal;
    this.isConfirmed = confirmed;
  }

  get env() {
    return this.#request.env;
  }
  get db() {
    return this.#request.db;
  }
  get now() {
    return this.#request.now;
  }
  get origin() {
    return this.#request.origin;
  }
  get params() {
    return this.#request.params;
  }
  get language(): Locale {
    return languageOf(this.#request.headers.get("accept-language"), [
      this.principal.member.language,
      this.principal.ownAccount.settings.locale,
    ]);
  }
  get runState() {
    return this.#request.runState;
  }
  get runNumber() {
    return this.#request.retryLoop.runNumber;
  }
  get method() {
    return this.#request.operation.method;
  }
  /** Where its changes meet others: the object that the path names, or the account. */
  get conflictPlace(): ConflictPlace {
    return { accountId: this.principal.accountId, object: this.params["id"] ?? null };
  }
  defer(work: Promise<unknown>): void {
    this.#request.defer(work);
  }
  query(): unknown {
    return this.#request.query();
  }
  peekField(member: string): string | null {
    return this.#request.peekField(member);
  }
  peekIdempotencyKey(): string | null {
    return this.#request.headers.has("idempotency-key") ? this.#request.idempotencyKey() : null;
  }
  fingerprint(): string {
    return this.#request.fingerprint();
  }
  isSameCommand(remembered: string): boolean {
    return this.#request.isSameCommand(remembered);
  }
  ifMatch(version: number): void {
    this.#request.ifMatch(version);
  }

  async read<const T extends readonly Statement[]>(...statements: T): Promise<Results<T>> {
    const key = this.peekIdempotencyKey();
    const record = key === null ? [] : [findRecord(this.db, this.principal.memberId, key)];
    const results = await batch(this.db, [
      readStamp(this.db, this.principal.stamp),
      ...record,
      ...statements,
    ]);
    const [stamp] = results[0] as Awaited<ReturnType<typeof readStamp>>;
    if (!isStampCurrent(this.principal.stamp, stamp)) throw new StaleStamp();
    this.isConfirmed = true;
    if (key !== null)
      this.#recordedAnswer = (results[1] as Awaited<ReturnType<typeof findRecord>>)[0] ?? null;
    return results.slice(1 + record.length) as Results<T>;
  }

  async upload<T>(keep: (file: UploadedFile) => Promise<T>): Promise<T> {
    const kept = await this.#request.upload(keep);
    // An upload may take long, and the key and the address rules are checked as of now. The next attempt
    // throws the refusal.
    if (checkAdmission(this.principal, this.origin, this.now, false) !== null) throw new StaleStamp();
    return kept;
  }

  requireRight(
    right: Right,
    on?: ResourceRef,
    hidden: boolean | Problem | Right = false,
    set = this.principal.grantSet,
  ): void {
    if (decide(set, right, on).allowed) return;
    this.deniedRight = { action: right, resourceId: on?.id || null };
    throw toRightProblem(this.principal.grantSet, right, on, hidden);
  }
  requireView(right: Right, on: ResourceRef, missing: Problem | true = true): void {
    this.requireRight(right, on, missing, this.principal.unrestrictedGrantSet);
  }

  async body(): Promise<unknown> {
    const key = this.#request.idempotencyKey();
    this.query();
    const value = this.#request.validBody();
    if (this.#recordedAnswer !== null && key !== null) {
      if (!this.isSameCommand(this.#recordedAnswer.fingerprint)) throw new Problem("idempotency/mismatch");
      // A charge and the ledger answer from their own records.
      const { status, body } = this.#recordedAnswer;
      if (this.#request.operation.idempotency !== "ledger")
        throw new Replay({ status, body, headers: REPLAYED_HEADER });
    }
    return value;
  }

  idempotencyKey(): string {
    const key = this.#request.idempotencyKey();
    if (key === null) throw new Problem("idempotency/missing");
    return key;
  }

  event(
    action: Right | EventName,
    resource: AuditEvent["resource"],
    more: Parameters<Call["event"]>[2] = {},
  ): AuditEvent {
    return {
      id: newId("event", this.now),
      accountId: this.principal.accountId,
      at: this.now,
      actor: this.principal.actor,
      action,
      resource,
      outcome: "success",
      reason: null,
      cost: null,
      origin: this.origin,
      changes: null,
      ledgerSeq: null,
      ...more,
    };
  }

  async commit(change: Change, answer: Answer): Promise<Answer> {
    // Not every handler reads the query. A call with an unknown parameter must have no effect.
    this.query();
    const { generated, events, mails = [], refusalEvents = [] } = change;
    const key = this.#recordKey(change.subKey);
    const remembered = key === null ? null : { key, fingerprint: this.#request.fingerprint(), answer };
    let results: readonly unknown[];
    try {
      results = await batch(this.db, commitStatements(this, change, remembered));
    } catch (error) {
      throw await toCommitError(this, error, change);
    }
    this.isConfirmed = true;
    const byAccount = Map.groupBy([...events, ...refusalEvents], (event) => event.accountId);
    for (const [accountId, some] of byAccount) this.defer(notifyAuditQueue(this.env.AUDIT, accountId, some));
    if (mails.length > 0) this.defer(notifyMailQueue(this.env.MAIL, mails));
    if (generated === undefined) return answer;
    const [row] = results.at(-1) as [{ readonly value: unknown }];
    const body = answer.body as Readonly<Record<string, unknown>>;
    return { ...answer, body: withGenerated(body, generated, row.value) };
  }

  /** Writes a refusal into the trail before it is answered: not a fault of form, nor a look at nothing. */
  async recordProblem(problem: Problem): Promise<void> {
    const { operation, isPreview } = this.#request;
    const { deniedRight, params } = this;
    const { targetNotFound, memberId, ownAccount } = this.principal;
    if (
      !isDenial(problem, deniedRight, targetNotFound) &&
      (operation.method === "GET" || isPreview || !isRecordedFailure(problem))
    )
      return;
    const { action, resource, outcome, inOwnAccount } = toAuditedRefusal(problem, targetNotFound, {
      operation,
      denied: deniedRight,
      params,
      memberId,
    });
    await this.recordRefusal(
      this.event(action, resource, {
        outcome,
        reason: problem.code,
        ...(inOwnAccount ? { accountId: ownAccount.accountId } : {}),
      }),
    );
  }

  /** A repeat adds to a row that is there, so there is nothing to seal yet. */
  async recordRefusal(event: AuditEvent): Promise<void> {
    const [first] = (await batch(this.db, gatherRefusal(this.db, this.env.SIGNING_KEYS, event))) as readonly [
      D1Result,
    ];
    if (first.meta.changes > 0) this.defer(notifyAuditQueue(this.env.AUDIT, event.accountId, [event]));
  }

  async record(event: AuditEvent, ...beside: readonly Statement[]): Promise<void> {
    await batch(this.db, [...beside, stageEvent(this.db, this.env.SIGNING_KEYS, event)]);
    this.defer(notifyAuditQueue(this.env.AUDIT, event.accountId, [event]));
  }

  /** The ledger keeps its own records. */
  #recordKey(part?: string): string | null {
    const key = this.#request.operation.idempotency === "ledger" ? null : this.peekIdempotencyKey();
    return part === undefined || key === null ? key : `${key}#${part}`;
  }
}
