import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { servedEndpoints } from "../../../src/app.ts";
import { withoutReferences } from "../../harness/description.ts";
import {
  type Described,
  described,
  document,
  type Media,
  operations,
  served,
  writeDocument,
} from "../../harness/served-document.ts";
import { toJsonSchema } from "../../../src/kernel/http/json-schema.ts";
import { parseIdempotencyKey } from "../../../src/kernel/http/idempotency.ts";
import { hasCardAnswer, type Operation } from "../../../src/kernel/http/operation.ts";
import { type ProblemCode, PROBLEMS } from "../../../src/kernel/http/problem.ts";

const documentOf = (operations: readonly Operation[]) => withoutReferences(writeDocument(operations));

const faults = async (value: unknown): Promise<unknown> => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(value as Record<string, unknown>);
  return valid ? [] : errors;
};

const codesIn = ({ description = "" }: Media = {}): ProblemCode[] =>
  Array.from(description.matchAll(/`([^`]+)`/g), ([, code]) => code as ProblemCode);

/** The statuses of all refusals, those of the default answer too. */
const refusalStatuses = ({ responses }: Described): string[] => {
  const codes = Object.entries(responses).flatMap(([status, one]) =>
    Number(status) < 400 ? [] : codesIn(one),
  );
  return [...new Set(codes.map((code) => String(PROBLEMS[code].status)))].sort();
};

describe("the document of the whole surface", () => {
  test("is OpenAPI 3.1 to an independent validator, and its references lead somewhere", async () => {
    expect(served.openapi).toBe("3.1.0");
    expect(await faults(structuredClone(served))).toEqual([]);
    const validator = new Validator();
    await validator.validate(structuredClone(served) as never);
    expect(validator.version).toBe("3.1");
    expect(JSON.stringify(validator.resolveRefs())).not.toContain('$ref":"#/components');
  });

  const BREACHES: ReadonlyArray<readonly [title: string, spoil: (value: Record<string, unknown>) => void]> = [
    [
      "without its version",
      (value) => {
        delete value["openapi"];
      },
    ],
    [
      "without a title",
      (value) => {
        value["info"] = { version: "1" };
      },
    ],
    [
      "with a path that does not begin with a slash",
      (value) => {
        value["paths"] = { "v1/me": {} };
      },
    ],
    [
      "with a parameter in no place",
      (value) => {
        value["paths"] = {
          "/a": {
            get: { parameters: [{ name: "a", in: "nowhere" }], responses: { 200: { description: "Done." } } },
          },
        };
      },
    ],
    [
      "with an answer that is not described",
      (value) => {
        value["paths"] = { "/a": { get: { responses: { 200: {} } } } };
      },
    ],
  ];
  test.each(BREACHES)("is refused by that validator %s", async (_, spoil) => {
    const spoiled = structuredClone(document) as unknown as Record<string, unknown>;
    spoil(spoiled);
    expect(await faults(spoiled)).not.toEqual([]);
  });

  test("holds every operation that is served, once, and no other", () => {
    const names = operations.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect(new Set(names).size).toBe(names.length);
    expect(described.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      names.sort(),
    );
  });

  test("says of each operation what it is, in one line, and under which heading", () => {
    expect(
      described
        .filter(({ one }) => !/^[A-Z].{5,200}\.$/.test(one.summary) || one.tags.length !== 1)
        .map(({ path, method }) => `${method} ${path}`),
    ).toEqual([]);
  });

  test("knows every problem code, and each refusal is a problem", () => {
    expect(document.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS));
    const wrong = described.flatMap(({ path, method, one }) =>
      Object.entries(one.responses).flatMap(([status, response]) => {
        if (Number(status) < 400) return [];
        const codes = codesIn(response);
        const isAtStatus = (code: ProblemCode) => {
          const own = String(PROBLEMS[code].status);
          return status.endsWith("XX") ? own.startsWith(status.charAt(0)) : own === status;
        };
        const known = codes.length > 0 && codes.every((code) => code in PROBLEMS && isAtStatus(code));
        const isProblem =
          JSON.stringify(response.content) ===
          JSON.stringify({
            "application/problem+json": { schema: document.components.schemas.Problem },
          });
        return known && isProblem ? [] : [`${method} ${path} ${status}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("describes what every call may be refused with once, for all other statuses", () => {
    for (const { path, method, one } of described) {
      const { "4XX": refusal, "5XX": failure, ...others } = one.responses;
      const usual = [...codesIn(refusal), ...codesIn(failure)];
      expect(usual, `${method} ${path}`).toEqual(
        expect.arrayContaining(["malformed", "method-not-allowed", "internal"]),
      );
      for (const [status, response] of Object.entries(others).filter(([each]) => Number(each) >= 400))
        expect(
          codesIn(response).every((code) => usual.includes(code)),
          `${method} ${path} ${status}`,
        ).toBe(false);
    }
  });

  test("says which operations need no credential, and these are the doors", () => {
    const open = described
      .filter(({ one }) => one.security?.length === 0)
      .map(({ path, method }) => `${method.toUpperCase()} ${path}`)
      .sort();
    expect(open).toEqual(
      servedEndpoints
        .filter((one) => "open" in one)
        .map(({ operation }) => `${operation.method} ${operation.path.replaceAll(/:(\w+)/g, "{$1}")}`)
        .sort(),
    );
    expect(
      operations.filter(
        (one) =>
          (one.right === "public") !==
          servedEndpoints.some((each) => each.operation === one && "open" in each),
      ),
    ).toEqual([]);
    expect(open.filter((one) => /^(POST|PUT|PATCH|DELETE)/.test(one))).toEqual([
      "POST /v1/auth/claims",
      "POST /v1/auth/codes",
      "POST /v1/auth/email-confirmations",
      "POST /v1/auth/refresh",
      "POST /v1/auth/sessions",
      "POST /v1/hooks/{id}",
      "POST /v1/invitations/accept",
      "POST /v1/operator-links/join",
      "POST /v1/unsubscribe",
      "POST /v1/unsubscribe/{token}",
    ]);
  });

  test("declares each parameter of each path", () => {
    const missing = described.filter(({ path, one }) => {
      const named = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      return (
        JSON.stringify(one.parameters.filter((each) => each.in === "path").map(({ name }) => name)) !==
        JSON.stringify(named)
      );
    });
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  test("declares each header where it is read, and Tollgate-Account where there is a caller", () => {
    const wrong = operations.filter((operation) => {
      const one =
        document.paths[operation.path.replaceAll(/:(\w+)/g, "{$1}")]?.[operation.method.toLowerCase()];
      const headers = Object.fromEntries(
        (one?.parameters ?? [])
          .filter((each) => each.in === "header")
          .map(({ name, required = false }) => [name, required]),
      );
      const expected = {
        ...(operation.right === "public" ? {} : { "Tollgate-Account": false }),
        "Accept-Language": false,
        ...(operation.method === "GET" && hasCardAnswer(operation) ? { "If-None-Match": false } : {}),
        ...(operation.idempotency === undefined
          ? {}
          : { "Idempotency-Key": operation.idempotency !== "optional" && operation.preview === undefined }),
        ...(operation.ifMatch === undefined ? {} : { "If-Match": operation.ifMatch === "required" }),
      };
      return JSON.stringify(headers) !== JSON.stringify(expected);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("says of every such header what it may hold, as the gate reads it", () => {
    const told = described.flatMap(({ one }) => one.parameters.filter((each) => each.in === "header"));
    expect(told.filter(({ description = "" }) => description.length < 50)).toEqual([]);
    const patternOf = (header: string) =>
      new RegExp(told.find(({ name }) => name === header)?.schema.pattern ?? "^$", "u");
    const accepted = (key: string): boolean => {
      try {
        return parseIdempotencyKey(key) !== null;
      } catch {
        return false;
      }
    };
    const keys = [
      "a",
      '"a"',
      "x".repeat(128),
      `"${"x".repeat(128)}"`,
      "x".repeat(129),
      "",
      '""',
      "a b",
      'a"b',
      "a\\b",
      '"a',
      "é",
      "[]-~!#",
      "\t",
    ];
    expect(keys.filter((key) => patternOf("Idempotency-Key").test(key))).toEqual(keys.filter(accepted));
    const tags = ["*", '"1"', 'W/"1"', '"1", "2"', "1", 'w/"1"', '"1', '"1" "2"'];
    expect(tags.filter((tag) => patternOf("If-Match").test(tag))).toEqual(tags.slice(0, 4));
  });

  test("has one scheme for clients, and tells of the other header that carries a key", () => {
    expect(document.components.securitySchemes).toEqual({
      bearer: {
        type: "http",
        scheme: "bearer",
        description: expect.stringContaining("`X-API-Key`") as string,
      },
    });
    expect(document.security).toEqual([{ bearer: [] }]);
  });

  test("says of each command whether an Idempotency-Key counts", () => {
    const silent = operations.filter(({ idempotency, method, path }) => {
      const one = document.paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
      return (
        one?.description.includes("An Idempotency-Key is ignored.") !==
        (method !== "GET" && idempotency === undefined)
      );
    });
    expect(silent.map(({ path }) => path)).toEqual([]);
    expect(operations.some(({ idempotency, method }) => method !== "GET" && idempotency === undefined)).toBe(
      true,
    );
  });

  test("leaves open to a member who lacks the plan: what they are, and what they are offered", () => {
    expect(
      operations.filter(({ right, method }) => right === "self" && method === "GET").map(({ path }) => path),
    ).toEqual(["/v1/me", "/v1/accounts/:id/ownership-offers"]);
  });

  test("gives every answer that has a body its content type", () => {
    const bare = described.flatMap(({ path, method, one }) =>
      Object.entries(one.responses)
        .filter(([status, { content }]) => ["204", "304"].includes(status) !== (content === undefined))
        .map(([status]) => `${method} ${path} ${status}`),
    );
    expect(bare).toEqual([]);
  });

  test("tells the headers of answers: the version of a card, where it is, and what to do next", () => {
    const headersOf = (one: Described, status: string) =>
      Object.keys(one.responses[status]?.headers ?? {}).filter((name) => name !== "Tollgate-Request-Id");
    expect(
      described.filter(({ one }) =>
        Object.values(one.responses).some(({ headers = {} }) => !("Tollgate-Request-Id" in headers)),
      ),
    ).toEqual([]);
    const of = (path: string, method: string, status: string) =>
      headersOf(document.paths[path]?.[method] ?? expect.fail(path), status);
    expect(of("/v1/products", "post", "201")).toEqual(["ETag", "Location", "Idempotency-Replayed"]);
    expect(of("/v1/products/{id}", "get", "200")).toEqual(["ETag"]);
    expect(of("/v1/products/{id}", "patch", "200")).toEqual(["ETag"]);
    expect(of("/v1/products", "get", "200")).toEqual([]);
    expect(of("/v1/credits/spend", "post", "201")).toEqual(["Idempotency-Replayed"]);
    expect(of("/v1/credits/spend", "post", "402")).toEqual(["Content-Language", "Idempotency-Replayed"]);
    expect(of("/v1/invitations", "post", "429")).toEqual([
      "Content-Language",
      "Retry-After",
      "RateLimit-Policy",
      "RateLimit",
    ]);
    for (const { one } of described) {
      const [refusal, failure] =
        one.security === undefined ? [["WWW-Authenticate"], ["Retry-After"]] : [[], []];
      expect(headersOf(one, "4XX")).toEqual(["Content-Language", "Allow", ...(refusal ?? [])]);
      expect(headersOf(one, "5XX")).toEqual(["Content-Language", ...(failure ?? [])]);
    }
  });

  test("refuses unknown members of every body and unknown names of every query, as the gate does", () => {
    const loose = operations.filter(({ body, query }) =>
      [body, query].some((schema) => schema !== undefined && isLoose(schema)),
    );
    expect(loose.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
});

interface Shape {
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly Shape[];
}
/** Of several shapes, each has to be exact. */
const isLooseShape = ({ additionalProperties, anyOf }: Shape): boolean =>
  anyOf === undefined ? additionalProperties !== false : anyOf.some(isLooseShape);
const isLoose = (schema: z.ZodType): boolean => {
  const {
    $defs = {},
    $ref,
    ...shape
  } = toJsonSchema(schema, "input") as Shape & {
    readonly $defs?: Readonly<Record<string, Shape>>;
    readonly $ref?: string;
  };
  return isLooseShape($ref === undefined ? shape : ($defs[$ref.replace("#/$defs/", "")] ?? {}));
};

describe("an operation", () => {
  const operation: Operation = {
    method: "POST",
    path: "/v1/things/:id/parts/:partId",
    operationId: "createPart",
    tag: "Things",
    summary: "Make a part.",
    right: "product.edit",
    status: 201,
    body: z.strictObject({ name: z.string(), size: z.int().default(1) }),
    query: z.strictObject({ dry: z.coerce.boolean().optional(), at: z.string() }) as never,
    answer: z.object({ id: z.string() }),
    idempotency: "required",
    ifMatch: "optional",
    problems: ["conflict/lockout"],
  };
  const one = () =>
    documentOf([operation]).paths["/v1/things/{id}/parts/{partId}"]?.["post"] ?? expect.fail();

  test("is described by the schemas that validate it", () => {
    expect(one()).toMatchObject({
      operationId: "createPart",
      tags: ["Things"],
      description: "Needs the right `product.edit`.",
      requestBody: {
        required: true,
        content: { "application/json": { schema: { required: ["name"], additionalProperties: false } } },
      },
      parameters: [
        { name: "id", in: "path", required: true },
        { name: "partId", in: "path", required: true },
        { name: "Tollgate-Account", in: "header" },
        { name: "Accept-Language", in: "header" },
        { name: "Idempotency-Key", in: "header", required: true },
        { name: "If-Match", in: "header" },
        { name: "dry", in: "query" },
        { name: "at", in: "query", required: true },
      ],
    });
    expect(one().parameters.map(({ required = false }) => required)).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(one().security).toBeUndefined();
  });

  test("has a body that may be missing only where it has a default", () => {
    const required = (body: z.ZodType) =>
      documentOf([{ ...operation, body: body as never }]).paths["/v1/things/{id}/parts/{partId}"]?.["post"]
        ?.requestBody?.required;
    expect(
      [z.strictObject({}), z.strictObject({}).default({}), z.strictObject({ name: z.string() })].map(
        required,
      ),
    ).toEqual([true, false, true]);
  });

  test("that takes or answers a file says so instead of JSON", () => {
    const file = {
      method: "PUT",
      path: "/a/:id",
      operationId: "putA",
      tag: "A",
      summary: "Puts a.",
      right: "product.edit",
      status: 200,
      upload: { mediaTypes: ["application/zip"], maxBytes: 9 },
      answer: { file: "application/vnd.example" },
    } as const;
    const { requestBody, responses } = documentOf([file]).paths["/a/{id}"]?.["put"] ?? expect.fail();
    expect([Object.keys(requestBody?.content ?? {}), requestBody?.description]).toEqual([
      ["application/zip"],
      "At most 9 bytes, with Content-Length.",
    ]);
    expect(responses["200"]).toMatchObject({
      description: "The file.",
      content: { "application/vnd.example": {} },
    });
    expect(Object.keys(responses["200"]?.content ?? {})).toEqual(["application/vnd.example"]);
  });

  test("names its own problems beside those of every operation", () => {
    const own = ["201", "400", "409", "412", "422", "4XX", "5XX"];
    expect(Object.keys(one().responses)).toEqual(own);
    const all = ["400", "401", "402", "403", "404", "405", "409", "412", "413", "415", "422", "500", "503"];
    expect(refusalStatuses(one())).toEqual(all);
    expect(one().responses["409"]?.description).toContain("conflict/lockout");
    expect(one().responses["400"]?.description).toContain("idempotency/missing");
  });

  test("that needs a right may be refused for the plan; what a member is about itself may not", () => {
    const codes = (right: string) =>
      refusalStatuses(
        documentOf([{ ...operation, right, problems: [] }]).paths["/v1/things/{id}/parts/{partId}"]?.[
          "post"
        ] ?? expect.fail(),
      );
    expect(["product.edit", "member", "self", "public"].map((right) => codes(right).includes("402"))).toEqual(
      [true, true, false, false],
    );
    expect(codes("public").filter((status) => /^(?:40[13]|503)$/.test(status))).toEqual([]);
    for (const right of ["product.edit", "self", "public"])
      expect(codes(right), right).toEqual(expect.arrayContaining(["400", "405", "413", "415", "500"]));
  });

  test("of which nothing more is said is a valid document too", async () => {
    const bare: Operation = {
      method: "GET",
      path: "/bare",
      operationId: "getBare",
      tag: "Things",
      summary: "Bare.",
      right: "public",
      status: 204,
    };
    expect(await faults(documentOf([bare, operation]))).toEqual([]);
    expect(documentOf([bare]).paths["/bare"]?.["get"]).toMatchObject({
      security: [],
      parameters: [{ name: "Accept-Language", in: "header" }],
    });
  });
});
