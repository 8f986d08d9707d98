import { describe, expect, test } from "vitest";
import { z } from "zod";
import examples from "../../../src/kernel/http/openapi-examples.json" with { type: "json" };
import { TAGS } from "../../../src/kernel/http/openapi-tag.ts";
import { isSecretLike } from "../../harness/example.ts";
import { described, type Media, served, writeDocument } from "../../harness/served-document.ts";

const VERBS =
  "accept|add|block|cancel|check|clear|confirm|copy|create|delete|download|end|erase|exchange|export|" +
  "generate|get|grant|join|leave|list|mark|offer|provision|purchase|put|receive|redeem|refresh|remove|" +
  "request|rerun|resend|retire|revoke|set|settle|spend|transfer|try|unblock|unlink|unsubscribe|update|" +
  "verify";
test("names each operation by an id of its own, a verb with its noun, made of letters", () => {
  const ids = described.map(({ one }) => one.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id))).toEqual([]);
  const form = new RegExp(`^(?:${VERBS})[A-Z]\\w+$`);
  expect(ids.filter((id) => !form.test(id) && id !== "unsubscribe")).toEqual([]);
  expect(ids).toEqual(expect.arrayContaining(["createProduct", "listMembers", "getMe", "updateAccount"]));
});

test("names the schema of every body and answer: a noun, without Card or Body", () => {
  const { schemas } = served.components;
  expect(Object.keys(schemas)).toEqual(
    expect.arrayContaining([
      "Member",
      "MemberPage",
      "Invitation",
      "InvitationPage",
      "AuditEvent",
      "AuditEventPage",
    ]),
  );
  expect(Object.keys(schemas).filter((name) => !/^[A-Z][A-Za-z]+$/.test(name))).toEqual([]);
  expect(Object.keys(schemas).filter((name) => /Card|Body|undefined/.test(name))).toEqual([]);
  const unnamed = Object.entries(served.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses = {} }]) =>
      [requestBody, ...Object.values(responses)].flatMap((one) => {
        const schema = one?.content?.["application/json"]?.schema;
        return schema === undefined || "$ref" in schema || path === "/openapi.json"
          ? []
          : [`${method} ${path} ${JSON.stringify(schema)}`];
      }),
    ),
  );
  expect(unnamed).toEqual([]);
});

test("puts every operation under a heading that is described, and every heading over some", () => {
  const used = new Set(described.flatMap(({ one }) => one.tags));
  expect([...used].sort()).toEqual(TAGS.map(({ name }) => name).sort());
  expect(served.tags).toEqual(TAGS);
  expect(TAGS.filter(({ description }) => !/^[A-Z].{19,150}\.$/.test(description))).toEqual([]);
});

test("tells how to begin and whom to ask", () => {
  expect(served.info).toMatchObject({ contact: { email: "api@gate.example" } });
  expect(served.info.description).toContain("GET /v1/me");
});

test("takes a limit as an integer", () => {
  const limits = described.flatMap(({ one }) => one.parameters.filter(({ name }) => name === "limit"));
  expect(limits.length).toBeGreaterThan(20);
  expect(limits.filter(({ schema }) => (schema as { type?: string }).type !== "integer")).toEqual([]);
});

/** Kilobytes of 1,000 bytes. */
const SIZE_MAX = 500_000;
test("stays small enough to be read by a tool in one go", () => {
  expect(new TextEncoder().encode(JSON.stringify(served)).length).toBeLessThan(SIZE_MAX);
});

interface Shown extends Media {
  readonly content?: Record<
    string,
    {
      readonly schema: object;
      readonly example?: unknown;
      readonly examples?: Record<string, { value: unknown }>;
    }
  >;
}

/** The bodies and answers in JSON of every operation. A description of itself it has no example of. */
const bodies = described
  .filter(({ path }) => path !== "/openapi.json")
  .flatMap(({ path, method, one }) => {
    const successes = Object.entries(one.responses).filter(([status]) => Number(status) < 300);
    const places: (readonly [string, Shown | undefined])[] = [["sends", one.requestBody], ...successes];
    return places.flatMap(([place, shown]) => {
      const media = (shown as Shown | undefined)?.content?.["application/json"];
      if (media === undefined) return [];
      const values =
        "example" in media ? [media.example] : Object.values(media.examples ?? {}).map(({ value }) => value);
      return [{ name: `${method.toUpperCase()} ${path} ${place}`, schema: media.schema, values }];
    });
  });

describe("the examples", () => {
  test("show a body and an answer of every operation that has one", () => {
    expect(bodies.length).toBeGreaterThan(250);
    expect(bodies.filter(({ values }) => values.length !== 1).map(({ name }) => name)).toEqual([]);
  });

  test("are what the schemas say", () => {
    const wrong = bodies.flatMap(({ name, schema, values }) =>
      (schema === undefined ? [] : values).flatMap((value) => {
        const { success, error } = z.fromJSONSchema(schema as never).safeParse(value);
        return success
          ? []
          : [`${name}: ${error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join()}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("are all used, and those of several operations are there once", () => {
    const text = JSON.stringify(served.paths);
    const shared = (served.components as { examples?: object }).examples ?? {};
    expect(Object.keys(shared).filter((name) => !text.includes(`"#/components/examples/${name}"`))).toEqual(
      [],
    );
    const known = new Set([
      ...Object.keys(served.components.schemas),
      ...described.map(({ one }) => one.operationId),
    ]);
    expect(Object.keys(examples).filter((name) => !known.has(name))).toEqual([]);
  });

  test("hold no secret that looks like a real one", () => {
    const texts: string[] = [];
    JSON.stringify(examples, (_, value: unknown) => {
      if (typeof value === "string") texts.push(value);
      return value;
    });
    expect(texts.filter(isSecretLike)).toEqual([]);
    for (const secret of [
      "tgk_4fQ0aZ81kQ",
      "whsec_c2VjcmV0",
      "eyJhbGciOiJFZERTQSJ9",
      "kJ8sK2mPq9RtUvWxYz01234567",
    ])
      expect(isSecretLike(secret), secret).toBe(true);
  });
});

test("two schemas of one name are refused, and so is one that contradicts what it extends", () => {
  const base = z.object({ id: z.string() }).meta({ id: "Thing" });
  const operation = (operationId: string, answer: z.ZodType) => ({
    method: "GET" as const,
    path: `/${operationId}`,
    operationId,
    tag: "Members",
    summary: "A thing.",
    right: "public",
    status: 200 as const,
    answer,
  });
  const other = z.object({ id: z.int() }).meta({ id: "Thing" });
  expect(() => writeDocument([operation("getOne", base), operation("getTwo", other)])).toThrow(
    /Two components/,
  );
  const more = z.object({ id: z.string(), at: z.string() }).meta({ id: "More", extends: "Thing" });
  const { components } = writeDocument([operation("getOne", base), operation("getMore", more)]);
  expect(components.schemas["More"]).toEqual({
    allOf: [
      { $ref: "#/components/schemas/Thing" },
      { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
    ],
  });
  const against = z.object({ id: z.int() }).meta({ id: "Against", extends: "Thing" });
  expect(() => writeDocument([operation("getOne", base), operation("getMore", against)])).toThrow(
    /contradicts/,
  );
});
