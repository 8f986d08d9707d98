/** Title and detail of each problem. The detail says what to do next. */
export const PROBLEM = {
  malformed: { title: "The request cannot be read", detail: "Send well-formed JSON in UTF-8." },
  "idempotency/missing": {
    title: "An Idempotency-Key is needed",
    detail: "Send a new Idempotency-Key header with each command, and the same one when you repeat it.",
  },
  "auth/invalid-credential": {
    title: "No valid credential",
    detail: "Send exactly one valid credential: Authorization: Bearer <access token or API key>.",
  },
  "auth/blocked": {
    title: "The member is blocked",
    detail: "Ask an owner or admin of the account to unblock this member.",
  },
  "credits/subscription-inactive": {
    title: "The subscription is not active",
    detail: "Renew the account's subscription, then repeat the call with a new Idempotency-Key.",
  },
  "credits/insufficient-balance": {
    title: "The account has too few credits",
    detail: "Top up the account, then repeat the call with a new Idempotency-Key.",
  },
  "credits/member-limit-exceeded": {
    title: "The member's credit limit is reached",
    detail: "Ask an owner or admin to raise the limit, then repeat the call with a new Idempotency-Key.",
  },
  "plan/feature-required": {
    title: "The account's plan lacks this feature",
    detail: "Contact the operator of this platform to add the feature to the plan.",
  },
  "access/denied": {
    title: "This credential may not do that",
    detail: "Ask an owner or admin of the account for the right that is named.",
  },
  "ip/not-allowed": {
    title: "Not from this address",
    detail: "Call from an address that the account, the member and the key allow.",
  },
  "not-found": { title: "Nothing here", detail: "Nothing that this credential may see has this address." },
  "method-not-allowed": {
    title: "The method does not exist here",
    detail: "Use one of the methods in the Allow header.",
  },
  "conflict/duplicate-member": {
    title: "The account has this member already",
    detail: "Use the member that exists, or another e-mail address.",
  },
  "conflict/former-member": {
    title: "This person was blocked or removed",
    detail: "A hook or a link does not bring a person back. A member who may add members can do it.",
  },
  "conflict/duplicate-invitation": {
    title: "This address is invited already",
    detail: "Send the pending invitation again: POST /v1/invitations/{id}/resend.",
  },
  "conflict/choose-account": {
    title: "The account has to be named",
    detail:
      "Repeat the call with the accountId of one of `accounts`. Where " +
      "invitation is true, that accepts the invitation.",
  },
  "conflict/other-address": {
    title: "You are signed in with another address",
    detail: "Sign out, or sign in with the address that was invited.",
  },
  "conflict/duplicate": {
    title: "There is one already",
    detail:
      "The account has an object with the same domain, number, key " +
      "or name. Use that one, or another value.",
  },
  "conflict/state": {
    title: "Not possible as it is now",
    detail: "Read the object again: its status does not allow this.",
  },
  "conflict/sos-blocked": {
    title: "SOS licenses are blocked for this dealer",
    detail: "A second SOS license was asked for one key. Ask the operator of this platform to clear it.",
  },
  "conflict/last-admin": {
    title: "The account would be left without its top role",
    detail: "Give the top role to another active member first.",
  },
  "conflict/not-removable": {
    title: "Something still depends on it",
    detail:
      "Remove what depends on it first. An object that is offered " +
      "to other accounts can be retired instead.",
  },
  "conflict/lockout": {
    title: "These rules would lock you out",
    detail: "Include your own address, or send confirmLockout: true.",
  },
  "conflict/member-limit": {
    title: "The account has as many members as it may",
    detail: "Ask the operator of this platform to raise the plan's member limit.",
  },
  "invitation/used": {
    title: "This has been used",
    detail: "It works once. The member who made it can make another where that is still possible.",
  },
  "invitation/expired": { title: "This link has expired", detail: "Ask for a new one." },
  "invitation/revoked": {
    title: "This invitation was taken back",
    detail: "Ask the person who invited you for a new one.",
  },
  "precondition-failed": {
    title: "It has changed since you read it",
    detail: "Read it again and send its new ETag in If-Match.",
  },
  "too-large": { title: "The body is too large", detail: "Send at most 64 KiB." },
  "media-type": {
    title: "This media type is not taken here",
    detail: "Send Content-Type: application/json.",
  },
  validation: { title: "The request is not valid", detail: "Correct what `errors` names." },
  "idempotency/mismatch": {
    title: "This Idempotency-Key belongs to another command",
    detail: "Use a new Idempotency-Key for a new command.",
  },
  "precondition-required": {
    title: "If-Match is needed",
    detail: "Send the ETag of the card that you read in If-Match.",
  },
  "quota-exceeded": { title: "Too many requests", detail: "Wait for the seconds in Retry-After." },
  internal: {
    title: "Something went wrong",
    detail: "Report the requestId to the operator of this platform.",
  },
  "state/restored": {
    title: "The account's data was put back to an earlier state",
    detail: "The operator of this platform has to accept that state first. Repeat the call later.",
  },
  unavailable: { title: "The gate cannot work now", detail: "Repeat the call in a moment." },
  stale: {
    title: "Other changes came first",
    detail: "Other calls changed the same objects while this call waited. It changed nothing: repeat it.",
  },
};
