import { z } from "zod";
import type { Operation } from "./operation.ts";
import { type ProblemCode, PROBLEMS } from "./problem.ts";

const ALWAYS: readonly ProblemCode[] = ["malformed", "auth/invalid-credential", "auth/blocked", "access/denied", "ip/not-allowed", "not-found", "stale"];
const WITH_BODY: readonly ProblemCode[] = ["too-large", "media-type", "validation"];

/** OpenAPI 3.1 from the operations that the gate serves; the schemas are those that validate. */
export function openapi(operations: readonly Operation[], server: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method.toLowerCase()] = describe(operation, path);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Tollgate",
      version: "1.0.0",
      description: "Who is calling, from which address, what they may touch, what it costs, and the proof afterwards.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: server }],
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "An access token or an API key." } },
      schemas: { Problem: PROBLEM },
    },
    security: [{ bearer: [] }],
  };
}

function describe(operation: Operation, path: string): object {
  const isPublic = operation.right === "public";
  return {
    operationId: `${operation.method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, char: string) => char.toUpperCase()).replaceAll(/\W/g, "")}`,
    tags: [operation.tag],
    summary: operation.summary,
    description: isPublic ? "No credential." : operation.right === "self" ? "Any active member." : `Needs the right \`${operation.right}\`.`,
    ...(isPublic ? { security: [] } : {}),
    parameters: [...pathParameters(path), ...headerParameters(operation), ...queryParameters(operation)],
    ...(operation.body === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: jsonSchema(operation.body, "input") } } } }),
    responses: { ...success(operation), ...refusals(operation, isPublic) },
  };
}

const pathParameters = (path: string) =>
  Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));

function headerParameters(operation: Operation) {
  const header = (name: string, required: boolean) => ({ name, in: "header", required, schema: { type: "string" } });
  return [
    ...(operation.idempotency === undefined ? [] : [header("Idempotency-Key", operation.idempotency !== "optional")]),
    ...(operation.ifMatch === undefined ? [] : [header("If-Match", operation.ifMatch === "required")]),
  ];
}

function queryParameters(operation: Operation) {
  if (operation.query === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(operation.query, "input") as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));
}

function success(operation: Operation) {
  if (operation.answer === undefined) return { [operation.status]: { description: "Done." } };
  return { [operation.status]: { description: "Done.", content: { "application/json": { schema: jsonSchema(operation.answer, "output") } } } };
}

function refusals(operation: Operation, isPublic: boolean) {
  const codes = new Set<ProblemCode>([
    ...ALWAYS.filter((code) => !isPublic || code === "malformed"),
    ...(isPublic || operation.right === "self" ? [] : ["plan/feature-required" as const]),
    ...(operation.body === undefined ? [] : WITH_BODY),
    ...(operation.query === undefined ? [] : ["validation" as const]),
    ...(operation.idempotency === undefined ? [] : ["idempotency/missing" as const, "idempotency/mismatch" as const]),
    ...(operation.ifMatch === undefined ? [] : ["precondition-failed" as const, "precondition-required" as const]),
    ...(operation.problems ?? []),
  ]);
  const byStatus = Object.groupBy(codes, (code) => String(PROBLEMS[code].status));
  return Object.fromEntries(Object.entries(byStatus).map(([status, group = []]) => [status, {
    description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  }]));
}

const jsonSchema = (schema: z.ZodType, io: "input" | "output"): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  return rest;
};

const PROBLEM = {
  type: "object",
  description: "RFC 9457.",
  required: ["type", "code", "title", "status", "detail", "instance", "requestId"],
  properties: {
    type: { type: "string" }, code: { type: "string", enum: Object.keys(PROBLEMS) }, title: { type: "string" },
    status: { type: "integer" }, detail: { type: "string" }, instance: { type: "string" }, requestId: { type: "string" },
    errors: {
      type: "array",
      items: { type: "object", required: ["pointer", "detail"], properties: { pointer: { type: "string" }, detail: { type: "string" } } },
    },
  },
};
