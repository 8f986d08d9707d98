import type { Message, problemTexts, Sentences } from "../messages/message.ts";

/**
 * Every refusal of the API (RFC 9457). Title and detail are in the catalogue of messages. A route may replace
 * the detail by a more exact one and add fields. The `type` of a problem is `/problems/<code>`, which this
 * gate serves.
 */
export const PROBLEMS = {
  malformed: { status: 400 },
  "idempotency/missing": { status: 400 },
  "auth/invalid-credential": { status: 401 },
  "auth/blocked": { status: 401 },
  "credits/subscription-inactive": { status: 402 },
  "credits/insufficient-balance": { status: 402 },
  "credits/member-limit-exceeded": { status: 402 },
  "plan/feature-required": { status: 402 },
  "access/denied": { status: 403 },
  "ip/not-allowed": { status: 403 },
  "not-found": { status: 404 },
  "method-not-allowed": { status: 405 },
  "conflict/duplicate-member": { status: 409 },
  "conflict/former-member": { status: 409 },
  "conflict/duplicate-invitation": { status: 409 },
  "conflict/choose-account": { status: 409 },
  "conflict/other-address": { status: 409 },
  "conflict/duplicate": { status: 409 },
  "conflict/state": { status: 409 },
  "conflict/sos-blocked": { status: 409 },
  "conflict/last-admin": { status: 409 },
  "conflict/not-removable": { status: 409 },
  "conflict/lockout": { status: 409 },
  "conflict/member-limit": { status: 409 },
  "invitation/used": { status: 409 },
  "invitation/expired": { status: 410 },
  "invitation/revoked": { status: 410 },
  "precondition-failed": { status: 412 },
  "too-large": { status: 413 },
  "media-type": { status: 415 },
  validation: { status: 422 },
  "idempotency/mismatch": { status: 422 },
  "precondition-required": { status: 428 },
  "quota-exceeded": { status: 429 },
  internal: { status: 500 },
  "state/restored": { status: 503 },
  unavailable: { status: 503 },
  stale: { status: 503 },
} as const satisfies Record<Parameters<typeof problemTexts>[0], { status: number }>;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * Where the request is wrong: by a JSON pointer into the body, or by the name of a query parameter or a
 * header.
 */
export type RequestFault = { readonly detail: Message } & FaultPlace;

/** A place in a request. */
export type FaultPlace =
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string };

export interface ProblemExtra {
  readonly detail?: Sentences;
  readonly errors?: readonly RequestFault[];
  readonly headers?: Record<string, string>;
  /** The trail has it already, as an entry of the ledger. */
  readonly recorded?: true;
  /** Further members of the answer, such as `required` and `remaining` of a 402. */
  readonly extensions?: Record<string, unknown>;
}

/** A refusal on its way to the one exit. Thrown by routes and the gate only; rules return tagged values. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extra: ProblemExtra;

  constructor(code: ProblemCode, extra: ProblemExtra = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** Into a body (RFC 6901); the empty one is the whole. */
export type JsonPointer = "" | `/${string}`;

/** 422 that names one member of the body. */
export const invalidField = (pointer: JsonPointer, detail: Message): Problem =>
  new Problem("validation", { errors: [{ pointer, detail }] });
/** 422 that names one parameter of the query. */
export const invalidParameter = (parameter: string, detail: Message): Problem =>
  new Problem("validation", { errors: [{ parameter, detail }] });
/** 422 that names one header. */
export const invalidHeader = (header: string, detail: Message): Problem =>
  new Problem("validation", { errors: [{ header, detail }] });

/** 409: the state of what is asked for does not allow it. */
export const stateConflict = (detail: Message): Problem => new Problem("conflict/state", { detail });

/** 503: the data changed in every run, or the turn of the call did not come. */
export const staleProblem = (): Problem => new Problem("stale", { headers: { "Retry-After": "1" } });

/** 503 until the platform has accepted the older copy. A person has to do that, so the wait is longer. */
export const restoredProblem = (): Problem =>
  new Problem("state/restored", { headers: { "Retry-After": "300" } });
