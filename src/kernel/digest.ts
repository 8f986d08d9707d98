import { createHash } from "node:crypto";

/** Hex SHA-256 of a text in UTF-8. Synchronous: WebCrypto's digest costs a turn of the event loop, on every call with a key. */
export const sha256Hex = (value: string): string => createHash("sha256").update(value).digest("hex");
