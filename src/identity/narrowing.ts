import type { Principal } from "./principal.ts";

export interface KeyTerms {
  readonly scopes: readonly string[] | null;
  /** Canonical rules. */
  readonly allowedIps: readonly string[];
  readonly expiresAt: number | null;
}

/** What binds a key beside its scopes; null when nothing does. A session's end narrows nothing: its person signs in again. */
export const boundIn = ({ kind, allowedIps, expiresAt }: Principal["credential"]): "allowedIps" | "expiresAt" | null =>
  (kind !== "key" ? null : allowedIps.length > 0 ? "allowedIps" : expiresAt !== null ? "expiresAt" : null);

/**
 * A key that is narrowed itself makes only keys that are at least as narrow: else whoever finds it could make a wider
 * one. Answers the first member of the wanted terms that is too wide, or null.
 */
export function tooWide(maker: Principal["credential"], wanted: KeyTerms): keyof KeyTerms | null {
  const { kind, scopes, allowedIps, expiresAt } = maker;
  // A session's end narrows nothing: its person signs in again.
  if (kind === "session") return null;
  if (scopes !== null && (wanted.scopes === null || !wanted.scopes.every((scope) => scopes.includes(scope)))) return "scopes";
  if (allowedIps.length > 0 && (wanted.allowedIps.length === 0 || !wanted.allowedIps.every((rule) => allowedIps.includes(rule)))) return "allowedIps";
  if (expiresAt !== null && (wanted.expiresAt === null || wanted.expiresAt > expiresAt)) return "expiresAt";
  return null;
}
