import type { Actor } from "../../audit/chain/event.ts";

/**
 * What an API key is restricted to. Nothing else has restrictions: a session and a hook have all that their
 * member has.
 */
export interface KeyRestriction {
  /** Rights; null is every right of the member. */
  readonly scopes: readonly string[] | null;
  /** Canonical rules; none is every address. */
  readonly allowedIps: readonly string[];
  /** Milliseconds since the epoch; null is no end. */
  readonly expiresAt: number | null;
}

export const UNRESTRICTED: KeyRestriction = { scopes: null, allowedIps: [], expiresAt: null };

/**
 * What a call acts with. `behalf`: the gate acts for a member who sends no call, such as the maker of an
 * invitation when it is accepted.
 */
export type CallCredential =
  | {
      readonly kind: "key";
      readonly id: string;
      /** The key itself was sent, or an access token that was made from it. */
      readonly sentAs: "key" | "token";
      readonly restriction: KeyRestriction;
      readonly revokedAt: number | null;
    }
  | {
      readonly kind: "session";
      readonly id: string;
      readonly expiresAt: number;
      readonly endedAt: number | null;
    }
  | { readonly kind: "hook"; readonly id: string }
  | { readonly kind: "behalf" };

export function restrictionOf(credential: CallCredential): KeyRestriction {
  switch (credential.kind) {
    case "key":
      return credential.restriction;
    case "session":
    case "hook":
    case "behalf":
      return UNRESTRICTED;
  }
}

/** Has the key been revoked or reached its end, or the session? @param now milliseconds since the epoch */
export function hasEnded(credential: CallCredential, now: number): boolean {
  switch (credential.kind) {
    case "key":
      return credential.revokedAt !== null || (credential.restriction.expiresAt ?? Infinity) <= now;
    case "session":
      return credential.endedAt !== null || credential.expiresAt <= now;
    case "hook":
    case "behalf":
      return false;
  }
}

/** What the trail keeps of a credential. */
export function auditTraceOf(credential: CallCredential): Pick<Actor, "apiKeyId" | "sessionId" | "hookId"> {
  switch (credential.kind) {
    case "key":
      return { apiKeyId: credential.id };
    case "session":
      return { apiKeyId: null, sessionId: credential.id };
    case "hook":
      return { apiKeyId: null, hookId: credential.id };
    case "behalf":
      return { apiKeyId: null };
  }
}

/** The session behind the call, or null. */
export const sessionIdOf = (credential: CallCredential): string | null =>
  credential.kind === "session" ? credential.id : null;

/** The first restriction that `requested` lacks, or null: a restricted key makes no key that can do more. */
export function widerThan(maker: KeyRestriction, requested: KeyRestriction): keyof KeyRestriction | null {
  const { scopes, allowedIps, expiresAt } = maker;
  if (scopes !== null && !requested.scopes?.every((scope) => scopes.includes(scope))) return "scopes";
  if (allowedIps.length > 0 && !areRulesWithin(requested.allowedIps, allowedIps)) return "allowedIps";
  if (expiresAt !== null && (requested.expiresAt === null || requested.expiresAt > expiresAt))
    return "expiresAt";
  return null;
}

/** An empty list of rules admits every address, so it is no subset of another. */
const areRulesWithin = (rules: readonly string[], allowed: readonly string[]): boolean =>
  rules.length > 0 && rules.every((rule) => allowed.includes(rule));
