/**
 * Every refusal of the API (RFC 9457). `detail` says what to do next. A route may replace it by a more exact
 * sentence and add fields. The `type` of a problem is `/problems/<code>`, which this gate serves.
 */
export const PROBLEMS = {
  malformed: { status: 400, title: "The request cannot be read", detail: "Send well-formed JSON in UTF-8." },
  "idempotency/missing": {
    status: 400,
    title: "An Idempotency-Key is needed",
    detail: "Send a new Idempotency-Key header with each command, and the same one when you repeat it.",
  },
  "auth/invalid-credential": {
    status: 401,
    title: "No valid credential",
    detail: "Send exactly one valid credential: Authorization: Bearer <access token or API key>.",
  },
  "auth/blocked": {
    status: 401,
    title: "The member is blocked",
    detail: "Ask an owner or admin of the account to unblock this member.",
  },
  "credits/subscription-inactive": {
    status: 402,
    title: "The subscription is not active",
    detail: "Renew the account's subscription, then repeat the call with a new Idempotency-Key.",
  },
  "credits/insufficient-balance": {
    status: 402,
    title: "The account has too few credits",
    detail: "Top up the account, then repeat the call with a new Idempotency-Key.",
  },
  "credits/member-limit-exceeded": {
    status: 402,
    title: "The member's credit limit is reached",
    detail: "Ask an owner or admin to raise the limit, then repeat the call with a new Idempotency-Key.",
  },
  "plan/feature-required": {
    status: 402,
    title: "The account's plan lacks this feature",
    detail: "Contact the operator of this platform to add the feature to the plan.",
  },
  "access/denied": {
    status: 403,
    title: "This credential may not do that",
    detail: "Ask an owner or admin of the account for the right that is named.",
  },
  "ip/not-allowed": {
    status: 403,
    title: "Not from this address",
    detail: "Call from an address that the account, the member and the key allow.",
  },
  "not-found": {
    status: 404,
    title: "Nothing here",
    detail: "Nothing that this credential may see has this address.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method does not exist here",
    detail: "Use one of the methods in the Allow header.",
  },
  "conflict/duplicate-member": {
    status: 409,
    title: "The account has this member already",
    detail: "Use the member that exists, or another e-mail address.",
  },
  "conflict/former-member": {
    status: 409,
    title: "This person was blocked or removed",
    detail: "No hook and no link brings a person back. A member who may add members can do it.",
  },
  "conflict/duplicate-invitation": {
    status: 409,
    title: "This address is invited already",
    detail: "Send the invitation that waits once more: POST /v1/invitations/{id}/resend.",
  },
  "conflict/choose-account": {
    status: 409,
    title: "The account has to be named",
    detail:
      "Repeat the call with the accountId of one of `accounts`. " +
      "Where invitation is true, that accepts the invitation.",
  },
  "conflict/other-address": {
    status: 409,
    title: "You are signed in with another address",
    detail: "Sign out, or sign in with the address that was invited.",
  },
  "conflict/duplicate": {
    status: 409,
    title: "There is one already",
    detail: "The account has one with the same domain, number, key or name. Use that one, or another value.",
  },
  "conflict/state": {
    status: 409,
    title: "Not possible as it is now",
    detail: "Read it again: its status does not allow this.",
  },
  "conflict/sos-blocked": {
    status: 409,
    title: "SOS licenses are blocked for this dealer",
    detail: "A second SOS license was asked for one key. Ask the operator of this platform to clear it.",
  },
  "conflict/last-admin": {
    status: 409,
    title: "The account would be left without its top role",
    detail: "Give the top role to another active member first.",
  },
  "conflict/not-removable": {
    status: 409,
    title: "Something still depends on it",
    detail: "Remove what depends on it first. What is offered to other accounts can be retired instead.",
  },
  "conflict/lockout": {
    status: 409,
    title: "These rules would lock you out",
    detail: "Include your own address, or send confirmLockout: true.",
  },
  "conflict/member-limit": {
    status: 409,
    title: "The account has as many members as it may",
    detail: "Ask the operator of this platform to raise the plan's member limit.",
  },
  "invitation/used": {
    status: 409,
    title: "This has been used",
    detail: "It is good once. Its maker can make another where that is still possible.",
  },
  "invitation/expired": { status: 410, title: "This link has expired", detail: "Ask for a new one." },
  "invitation/revoked": {
    status: 410,
    title: "This invitation was taken back",
    detail: "Ask the person who invited you for a new one.",
  },
  "precondition-failed": {
    status: 412,
    title: "It has changed since you read it",
    detail: "Read it again and send its new ETag in If-Match.",
  },
  "too-large": { status: 413, title: "The body is too large", detail: "Send at most 64 KiB." },
  "media-type": {
    status: 415,
    title: "This media type is not taken here",
    detail: "Send Content-Type: application/json.",
  },
  validation: { status: 422, title: "The request is not valid", detail: "Correct what `errors` names." },
  "idempotency/mismatch": {
    status: 422,
    title: "This Idempotency-Key belongs to another command",
    detail: "Use a new Idempotency-Key for a new command.",
  },
  "precondition-required": {
    status: 428,
    title: "If-Match is needed",
    detail: "Send the ETag of the card that you read in If-Match.",
  },
  "quota-exceeded": {
    status: 429,
    title: "Too many requests",
    detail: "Wait for the seconds in Retry-After.",
  },
  internal: {
    status: 500,
    title: "Something went wrong",
    detail: "Report the requestId to the operator of this platform.",
  },
  "state/restored": {
    status: 503,
    title: "The account's data was put back to an earlier state",
    detail: "The operator of this platform has to accept that state first. Repeat the call later.",
  },
  unavailable: { status: 503, title: "The gate cannot work now", detail: "Repeat the call in a moment." },
  stale: {
    status: 503,
    title: "Other changes came first",
    detail: "Other calls changed the same objects while this call waited. It changed nothing: repeat it.",
  },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * Where the request is wrong: by a JSON pointer into the body, or by the name of a query parameter or a
 * header.
 */
export type RequestFault = { readonly detail: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string }
);

export interface ProblemExtra {
  readonly detail?: string;
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
export const invalidField = (pointer: JsonPointer, detail: string): Problem =>
  new Problem("validation", { errors: [{ pointer, detail }] });
/** 422 that names one parameter of the query. */
export const invalidParameter = (parameter: string, detail: string): Problem =>
  new Problem("validation", { errors: [{ parameter, detail }] });
/** 422 that names one header. */
export const invalidHeader = (header: string, detail: string): Problem =>
  new Problem("validation", { errors: [{ header, detail }] });

/** 503: the data changed in every run, or the turn of the call did not come. */
export const staleProblem = (): Problem => new Problem("stale", { headers: { "Retry-After": "1" } });

/** 503 until the platform has accepted the older copy. A person has to do that, so the wait is longer. */
export const restoredProblem = (): Problem =>
  new Problem("state/restored", { headers: { "Retry-After": "300" } });
