import { z } from "zod";
import { toJsonSchema } from "./json-schema.ts";
import { fileMediaType, hasCardAnswer, type Operation } from "./operation.ts";
import { problemTexts } from "../messages/message.ts";
import { type ProblemCode, PROBLEMS } from "./problem.ts";

/**
 * Refusals of a request before its credential is read. The declared length and type of a body count on every
 * route.
 */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  "malformed",
  "method-not-allowed",
  "too-large",
  "media-type",
  "validation",
  "internal",
];
const MEMBER_PROBLEMS: readonly ProblemCode[] = [
  "auth/invalid-credential",
  "auth/blocked",
  "access/denied",
  "ip/not-allowed",
  "not-found",
  "stale",
  "state/restored",
];

/** Headers of answers, as components of the document. */
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
    description: "Seconds to wait before the call is repeated.",
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
  Allow: { description: "The methods that this path has.", schema: { type: "string" } },
  "WWW-Authenticate": { description: "RFC 9110 section 11.6.1.", schema: { type: "string" } },
} as const;

type HeaderName = keyof typeof RESPONSE_HEADERS;

const headerRefs = (names: readonly HeaderName[]) =>
  Object.fromEntries(
    ["Tollgate-Request-Id" as const, ...names].map((name) => [
      name,
      { $ref: `#/components/headers/${name}` },
    ]),
  );

/** Every answer of one operation by its status. */
export const operationResponses = (operation: Operation): object => ({
  ...successResponses(operation),
  ...problemResponses(operation),
});

function successResponses(operation: Operation) {
  const { answer, status, idempotency, localized, preview } = operation;
  const headers = headerRefs([
    ...(hasCardAnswer(operation) ? ["ETag" as const] : []),
    ...(hasCardAnswer(operation) && status === 201 ? ["Location" as const] : []),
    ...(idempotency === undefined ? [] : ["Idempotency-Replayed" as const]),
    ...(localized ? ["Content-Language" as const] : []),
  ]);
  const file = fileMediaType(operation);
  if (file !== null) return { [status]: { description: "The file.", headers, content: { [file]: {} } } };
  const schema = answer instanceof z.ZodType ? toJsonSchema(answer, "output") : { type: "object" };
  const content = { "application/json": { schema } };
  return {
    ...(preview === undefined
      ? {}
      : {
          200: {
            description: "With `dryRun`: what would be made. Nothing is.",
            headers: headerRefs([]),
            content: { "application/json": { schema: toJsonSchema(preview, "output") } },
          },
        }),
    [status]: { description: "Done.", headers, ...(status === 204 ? {} : { content }) },
    ...(hasCardAnswer(operation) && operation.method === "GET"
      ? { 304: { description: "The card is what If-None-Match names.", headers } }
      : {}),
  };
}

function problemResponses(operation: Operation) {
  const { right, path, idempotency, ifMatch, problems = [] } = operation;
  const isPublic = right === "public";
  const codes = new Set<ProblemCode>([
    ...COMMON_PROBLEMS,
    ...(isPublic ? [] : MEMBER_PROBLEMS),
    ...(isPublic || right === "self" ? [] : ["plan/feature-required" as const]),
    ...(path.includes(":") ? ["not-found" as const] : []),
    ...(idempotency === undefined ? [] : ["idempotency/mismatch" as const]),
    ...(idempotency === undefined || idempotency === "optional" ? [] : ["idempotency/missing" as const]),
    ...(ifMatch === undefined ? [] : ["precondition-failed" as const]),
    ...(ifMatch === "required" ? ["precondition-required" as const] : []),
    ...problems,
  ]);
  const byStatus = Object.groupBy(codes, (code) => String(PROBLEMS[code].status));
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, group = []]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${problemTexts(code, "en").title}`).join("; "),
        headers: headerRefs(problemHeaders(Number(status), operation)),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}

const problemHeaders = (status: number, operation: Operation): HeaderName[] => [
  "Content-Language",
  ...statusHeaders(status, operation),
];

function statusHeaders(status: number, { idempotency }: Operation): HeaderName[] {
  if (status === 401) return ["WWW-Authenticate"];
  if (status === 405) return ["Allow"];
  if (status === 503) return ["Retry-After"];
  if (status === 429) return ["Retry-After", "RateLimit-Policy", "RateLimit"];
  // The ledger remembers its refusals, too.
  return status === 402 && idempotency === "ledger" ? ["Idempotency-Replayed"] : [];
}

const faultSchema = (place: string, description: string) => ({
  type: "object",
  required: [place, "detail"],
  additionalProperties: false,
  properties: { [place]: { type: "string", description }, detail: { type: "string" } },
});

const creditField = (description: string) => ({
  type: "integer",
  description: `With credits/*: ${description}`,
});

/** The body of every refusal. */
export const PROBLEM_SCHEMA = {
  type: "object",
  description: "RFC 9457. Further members depend on the code.",
  required: ["type", "code", "title", "status", "detail", "instance", "requestId"],
  properties: {
    type: { type: "string" },
    code: { type: "string", enum: Object.keys(PROBLEMS) },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    requestId: { type: "string" },
    errors: {
      type: "array",
      description: "Where the request is wrong: each has one of `pointer`, `parameter` and `header`.",
      items: {
        oneOf: [
          faultSchema("pointer", "Into the body (RFC 6901)."),
          faultSchema("parameter", "Of the query."),
          faultSchema("header", "Its name."),
        ],
      },
    },
    right: { type: "string", description: "With access/denied: the right that is lacking." },
    feature: { type: "string", description: "With plan/feature-required: what the plan lacks." },
    contact: { type: "string", description: "With plan/feature-required: whom to ask for it." },
    required: creditField("what the call would have cost."),
    limit: {
      type: ["integer", "null"],
      description: "With credits/*: what the member may spend in a period; null is no limit.",
    },
    limitPeriod: { type: "string", description: "With credits/*: the period of that limit." },
    spent: creditField("what the member has spent in the current period."),
    remaining: creditField("what the member may still spend."),
  },
  additionalProperties: true,
};
