import { canonicalJson } from "../canonical-json.ts";
import { sha256Hex } from "../digest.ts";
import { Problem } from "./problem.ts";
import { message } from "../messages/message.ts";

/**
 * How an operation treats the Idempotency-Key header: a ledger command keeps its record in the ledger itself.
 */
export type Idempotency = "required" | "optional" | "ledger";

/** An effect that was made before under the same key. The body holds no secrets. */
export interface IdempotencyRecord {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: unknown;
}

/** Tells a caller that this is the answer of the first time. */
export const REPLAYED_HEADER = { "Idempotency-Replayed": "true" };

/** Milliseconds for which a key is remembered. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;

/**
 * The key of a request (IETF Idempotency-Key draft): a structured-field string or the bare text.
 * @throws Problem malformed when the header is there and unreadable
 */
export function parseIdempotencyKey(header: string | null): string | null {
  if (header === null) return null;
  const bare = /^"([^"\\]*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(bare)) {
    throw new Problem("malformed", { detail: message("request.idempotencyKey") });
  }
  return bare;
}

/**
 * Hex SHA-256 over what makes a command the same: method, path with query, and the body in any order of keys.
 */
export const fingerprint = (method: string, path: string, body: unknown): string =>
  sha256Hex(canonicalJson([method, path, body ?? null]));

/**
 * As it was made until migration 0008, by the order in which the members came: such records live for 24
 * hours.
 */
export const legacyFingerprint = (method: string, path: string, body: unknown): string =>
  sha256Hex(JSON.stringify([method, path, body ?? null]));
