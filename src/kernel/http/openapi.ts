import { Components, type Examples } from "./openapi-components.ts";
import { INTRODUCTION } from "./openapi-introduction.ts";
import { operationParameters } from "./openapi-parameter.ts";
import { headerComponents } from "./openapi-header.ts";
import { PROBLEM_SCHEMA } from "./openapi-problem.ts";
import { operationResponses } from "./openapi-response.ts";
import type { Tag } from "./openapi-tag.ts";
import type { Operation } from "./operation.ts";

/** What the description says beside the operations. */
export interface Surroundings {
  /** The origin of this gate. */
  readonly server: string;
  /** Whom to ask: `mailto:` an address, or a page. */
  readonly contact: string;
  /** The headings of operations, in the order in which a reader meets them. */
  readonly tags: readonly Tag[];
  readonly examples: Examples;
}

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "An access token or an API key. An API key may come in the header `X-API-Key` instead. " +
      "Send exactly one credential: both headers in one call are refused.",
  },
};

/** OpenAPI 3.1 from the operations that the gate serves; the schemas are those that validate. */
export function openApiDocument(
  operations: readonly Operation[],
  { server, contact, tags, examples }: Surroundings,
): object {
  const components = new Components(examples);
  components.share("schemas", "Problem", PROBLEM_SCHEMA);
  const paths: Record<string, Record<string, Described>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method.toLowerCase()] = describeOperation(operation, path, components);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tollgate",
      version: "1.0.0",
      summary:
        "Who is calling, from which address, what they may touch, what it costs, and the proof afterwards.",
      description: INTRODUCTION,
      contact: { name: "The operator of this gate", ...contactPlace(contact) },
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: server }],
    tags,
    paths: Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, pathItem(methods)])),
    components: { securitySchemes: SECURITY_SCHEMES, headers: headerComponents(), ...components.toJson() },
    security: [{ bearer: [] }],
  };
}

const contactPlace = (contact: string): object =>
  contact.startsWith("mailto:") ? { email: contact.slice("mailto:".length) } : { url: contact };

interface Described {
  readonly parameters: readonly object[];
  readonly [keyword: string]: unknown;
}

/** The methods of a path. What all of them take stands before them. */
function pathItem(methods: Readonly<Record<string, Described>>): object {
  const [first, ...others] = Object.values(methods);
  if (first === undefined || others.length === 0) return methods;
  const isIn = (one: object, { parameters }: Described) =>
    parameters.some((other) => JSON.stringify(other) === JSON.stringify(one));
  const common = first.parameters.filter((one) => others.every((other) => isIn(one, other)));
  const isOwn = (one: object) => !isIn(one, { parameters: common });
  const rest = Object.entries(methods).map(([method, one]) => [
    method,
    { ...one, parameters: one.parameters.filter(isOwn) },
  ]);
  return { ...(common.length === 0 ? {} : { parameters: common }), ...Object.fromEntries(rest) };
}

function describeOperation(operation: Operation, path: string, components: Components): Described {
  const isPublic = operation.right === "public";
  return {
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    description: [accessSentence(operation), ...keySentence(operation)].join(" "),
    ...(isPublic ? { security: [] } : {}),
    parameters: operationParameters(operation, path, components),
    ...requestBody(operation, components),
    responses: operationResponses(operation, components),
  };
}

function accessSentence({ right }: Operation): string {
  if (right === "public") return "No credential.";
  return ["self", "member"].includes(right) ? "Any active member." : `Needs the right \`${right}\`.`;
}

/** A client that sends the header with every command learns where it counts. */
const keySentence = ({ method, idempotency }: Operation): string[] =>
  method === "GET" || idempotency !== undefined ? [] : ["An Idempotency-Key is ignored."];

function requestBody({ operationId, body, upload, raw }: Operation, components: Components): object {
  if (raw !== undefined)
    return {
      requestBody: {
        required: true,
        description: `As its sender signed it, at most ${raw.maxBytes} bytes.`,
        content: { "application/json": components.withExample({}, operationId) },
      },
    };
  if (upload !== undefined) {
    return {
      requestBody: {
        required: true,
        description: `At most ${upload.maxBytes} bytes, with Content-Length.`,
        content: Object.fromEntries(upload.mediaTypes.map((type) => [type, {}])),
      },
    };
  }
  return body === undefined
    ? {}
    : {
        requestBody: {
          required: !body.safeParse(undefined).success,
          content: { "application/json": components.body(body, "input") },
        },
      };
}
