import { pascalCase } from "../text/pascal-case.ts";

/** Headers of answers. */
export const RESPONSE_HEADERS = {
  "Tollgate-Request-Id": {
    description: "Names this call in the call log, the audit log and in problems.",
    schema: { type: "string" },
  },
  ETag: {
    description:
      "The version of the card, for If-Match. " +
      "Of a card that was read, a digest of what it shows follows, for If-None-Match.",
    schema: { type: "string", pattern: '^"\\d+(?:\\.[0-9a-f]{16})?"$' },
  },
  Location: { description: "Where what was made is found.", schema: { type: "string" } },
  "Idempotency-Replayed": {
    description:
      "`true` when the call was answered from memory: its Idempotency-Key had its effect before. " +
      "A replay carries no ETag and no Location.",
    schema: { type: "string", const: "true" },
  },
  "Retry-After": {
    description: "With 429 and 503: seconds to wait before the call is repeated.",
    schema: { type: "string", pattern: "^\\d+$" },
  },
  "RateLimit-Policy": {
    description: "The limit that was reached: its name, how often (q), in how many seconds (w).",
    schema: { type: "string" },
  },
  RateLimit: {
    description: "What is left of it (r), and the seconds until it is whole again (t).",
    schema: { type: "string" },
  },
  "Content-Language": {
    description: "The language of the texts.",
    schema: { type: "string", enum: ["en", "ru"] },
  },
  Allow: { description: "With 405: the methods that this path has.", schema: { type: "string" } },
  "WWW-Authenticate": { description: "With 401: RFC 9110 section 11.6.1.", schema: { type: "string" } },
} as const;

export type HeaderName = keyof typeof RESPONSE_HEADERS;

/** `Tollgate-Request-Id` among the components: `RequestId`. */
const componentOf = (name: string): string => pascalCase(name.replace(/^Tollgate-|^Idempotency-/, ""));

/** All headers of answers, as components of the document. */
export const headerComponents = (): object =>
  Object.fromEntries(Object.entries(RESPONSE_HEADERS).map(([name, header]) => [componentOf(name), header]));

/** The headers of one answer. Every answer names its call. */
export const headerRefs = (names: readonly HeaderName[]) =>
  Object.fromEntries(
    ["Tollgate-Request-Id" as const, ...names].map((name) => [
      name,
      { $ref: `#/components/headers/${componentOf(name)}` },
    ]),
  );
