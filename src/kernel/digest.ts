import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * Hex SHA-256 of a text in UTF-8. Synchronous: WebCrypto's digest costs a turn of the event loop, on every
 * call with a key.
 */
export const sha256Hex = (value: string): string => createHash("sha256").update(value).digest("hex");

/** The same in base64, as a Content-Security-Policy names a script. */
export const sha256Base64 = (value: string): string => createHash("sha256").update(value).digest("base64");

/** HMAC-SHA-256 as 43 characters of base64url. */
export const hmacSha256 = (secret: string, value: string): string =>
  createHmac("sha256", secret).update(value).digest("base64url");

/**
 * Whether two secrets are the same, in a time that does not show where they differ. Digests are compared,
 * because they have one length.
 */
export const isSameSecret = (one: string, other: string): boolean =>
  timingSafeEqual(createHash("sha256").update(one).digest(), createHash("sha256").update(other).digest());
