import { toJsonSchema } from "./json-schema.ts";
import { operationParameters } from "./openapi-parameter.ts";
import { RESPONSE_HEADERS, PROBLEM_SCHEMA, operationResponses } from "./openapi-response.ts";
import type { Operation } from "./operation.ts";

const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "An access token or an API key." },
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
    description: "An API key. Send exactly one credential: both headers in one call are refused.",
  },
};

/** OpenAPI 3.1 from the operations that the gate serves; the schemas are those that validate. */
export function openApiDocument(operations: readonly Operation[], server: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method.toLowerCase()] = describeOperation(operation, path);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tollgate",
      version: "1.0.0",
      description:
        "Who is calling, from which address, what they may touch, what it costs, and the proof afterwards.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: server }],
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      headers: RESPONSE_HEADERS,
      schemas: { Problem: PROBLEM_SCHEMA },
    },
    security: [{ bearer: [] }, { apiKey: [] }],
  };
}

const camelCase = (path: string): string =>
  path.replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, char: string) => char.toUpperCase()).replaceAll(/\W/g, "");

function describeOperation(operation: Operation, path: string): object {
  const isPublic = operation.right === "public";
  return {
    operationId: operation.method.toLowerCase() + camelCase(path),
    tags: [operation.tag],
    summary: operation.summary,
    description: isPublic
      ? "No credential."
      : ["self", "member"].includes(operation.right)
        ? "Any active member."
        : `Needs the right \`${operation.right}\`.`,
    ...(isPublic ? { security: [] } : {}),
    parameters: operationParameters(operation, path),
    ...requestBody(operation),
    responses: operationResponses(operation),
  };
}

function requestBody({ body, upload, raw }: Operation): object {
  if (raw !== undefined)
    return {
      requestBody: {
        required: true,
        description: `As its sender signed it, at most ${raw.maxBytes} bytes.`,
        content: { "application/json": {} },
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
          content: { "application/json": { schema: toJsonSchema(body, "input") } },
        },
      };
}
