import { pascalCase } from "../text/pascal-case.ts";
import type { Components } from "./openapi-components.ts";
import { type HeaderName, headerRefs } from "./openapi-header.ts";
import type { Operation } from "./operation.ts";
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

/** The names of refusals by their status, as components. */
const NAMES: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  402: "PaymentRequired",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Gone",
  412: "PreconditionFailed",
  413: "TooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  428: "PreconditionRequired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "Unavailable",
};

/**
 * The refusals of one operation, as references: by their status where it has codes of its own. Those that
 * every call may get are described together, for all other statuses of 4xx and of 5xx.
 */
export function refusals(operation: Operation, components: Components): object {
  const usual = usualCodes(operation);
  const byStatus = Map.groupBy(codesOf(operation, usual), (code) => PROBLEMS[code].status);
  const own = Array.from(byStatus).filter(([, codes]) => codes.some((code) => !usual.has(code)));
  return {
    ...Object.fromEntries(
      own.map(([status, codes]) => [status, refusal(status, codes, operation, components)]),
    ),
    ...usualRefusals(operation, components),
  };
}

/** Components for each kind of operation. */
function usualRefusals(operation: Operation, components: Components): object {
  const { right } = operation;
  const kind = right === "public" ? "Public" : right === "self" ? "Own" : "";
  const usual = [...usualCodes(operation)];
  const challenge: HeaderName[] = right === "public" ? [] : ["WWW-Authenticate"];
  const wait: HeaderName[] = right === "public" ? [] : ["Retry-After"];
  const below500 = usual.filter((code) => PROBLEMS[code].status < 500);
  const others = usual.filter((code) => PROBLEMS[code].status >= 500);
  return {
    "4XX": usualRefusal(`${kind}Refusal`, below500, ["Content-Language", "Allow", ...challenge], components),
    "5XX": usualRefusal(`${kind}Failure`, others, ["Content-Language", ...wait], components),
  };
}

const usualRefusal = (
  name: string,
  codes: readonly ProblemCode[],
  headers: readonly HeaderName[],
  components: Components,
): object =>
  components.share("responses", name, {
    description: [
      "What every call may be refused with:",
      "",
      ...codes.map((code) => `- \`${code}\` (${PROBLEMS[code].status}): ${problemTexts(code, "en").title}`),
    ].join("\n"),
    headers: headerRefs(headers),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });

/** What every operation of its kind may answer. */
function usualCodes({ right }: Operation): ReadonlySet<ProblemCode> {
  if (right === "public") return new Set(COMMON_PROBLEMS);
  const codes = [...COMMON_PROBLEMS, ...MEMBER_PROBLEMS];
  return new Set(right === "self" ? codes : [...codes, "plan/feature-required"]);
}

/** In the order of the table of problems, so that the same refusals are the same component. */
function codesOf(
  { path, idempotency, ifMatch, problems = [] }: Operation,
  usual: ReadonlySet<ProblemCode>,
): ProblemCode[] {
  const codes = new Set<ProblemCode>([
    ...usual,
    ...(path.includes(":") ? ["not-found" as const] : []),
    ...(idempotency === undefined ? [] : ["idempotency/mismatch" as const]),
    ...(idempotency === undefined || idempotency === "optional" ? [] : ["idempotency/missing" as const]),
    ...(ifMatch === undefined ? [] : ["precondition-failed" as const]),
    ...(ifMatch === "required" ? ["precondition-required" as const] : []),
    ...problems,
  ]);
  return (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => codes.has(code));
}

/** A refusal is called by its status, and by the codes that few operations answer. */
function refusal(
  status: number,
  codes: readonly ProblemCode[],
  operation: Operation,
  components: Components,
): object {
  const headers = refusalHeaders(status, operation);
  const all = [...COMMON_PROBLEMS, ...MEMBER_PROBLEMS, "plan/feature-required" as const];
  const usual = all.filter((code) => PROBLEMS[code].status === status);
  const named = usual.every((code) => codes.includes(code))
    ? codes.filter((code) => !usual.includes(code))
    : codes;
  const name = NAMES[status] ?? String(status);
  const isOnly = pascalCase(codes.join()) === name && usual.length === 0;
  const parts = isOnly ? [] : named.map((code) => pascalCase(code.split("/").at(-1) ?? ""));
  const ledger = headers.includes("Idempotency-Replayed") ? ["InLedger"] : [];
  return components.share("responses", [name, ...parts, ...ledger].join(""), {
    description: codes.map((code) => `\`${code}\`: ${problemTexts(code, "en").title}`).join("; "),
    headers: headerRefs(headers),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  });
}

const refusalHeaders = (status: number, operation: Operation): HeaderName[] => [
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
