import { describe, expect, test } from "vitest";
import { z } from "zod";
import { servedEndpoints } from "../../../src/app.ts";
import { type Message, message, renderMessage } from "../../../src/kernel/messages/message.ts";
import { messageOfRule } from "../../../src/kernel/messages/rule-text.ts";
import { Problem, type RequestFault } from "../../../src/kernel/http/problem.ts";
import { validate } from "../../../src/kernel/http/validate.ts";

const SCHEMAS = servedEndpoints.flatMap(({ operation: { method, path, body, query } }) => [
  ...(body instanceof z.ZodType ? [[`${method} ${path}`, body, "body"] as const] : []),
  ...(query instanceof z.ZodType ? [[`${method} ${path}?`, query, "query"] as const] : []),
]);

function faultsOf(schema: z.ZodType, value: unknown, source: "body" | "query"): readonly RequestFault[] {
  try {
    validate(schema, value, source);
    return [];
  } catch (error) {
    if (error instanceof Problem) return error.extra.errors ?? [];
    throw error;
  }
}

const textOf = (schema: z.ZodType, value: unknown, language: "en" | "ru" = "en") =>
  faultsOf(schema, value, "body").map(({ detail }) => renderMessage(detail, language));

/** Texts of the validation library begin like this. */
const OWN_TEXT = /^(?:Invalid|Too (?:big|small)|Unrecognized|Expected|Required|Number|String|Array)\b/i;

/** Values that fit no or few schemas. Fields are filled with them, one kind at a time. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  "",
  "\u0000",
  "http://example.com/ \u202e",
  "x".repeat(40_000),
  "2026-13-45T99:99:99Z",
  "2026-11-21",
  [],
  [null, {}, "x", 1, []],
  Array(2_000).fill("x"),
  {},
  { type: "nothing", unknown: {} },
];

interface Definition {
  readonly error?: (issue: unknown) => unknown;
  readonly checks?: readonly { readonly _zod: { readonly def: Definition & { readonly check: string } } }[];
  readonly [part: string]: unknown;
}

/** Every schema in a schema, once. */
function parts(schema: unknown, seen: Set<unknown> = new Set()): Definition[] {
  if (typeof schema !== "object" || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  if (Array.isArray(schema)) return schema.flatMap((each) => parts(each, seen));
  const inner = schema as { _zod?: { def: Definition } };
  if (inner._zod === undefined)
    return Object.getPrototypeOf(schema) === Object.prototype
      ? Object.values(schema).flatMap((each) => parts(each, seen))
      : [];
  const { def } = inner._zod;
  return [def, ...Object.values(def).flatMap((each) => parts(each, seen))];
}

const fieldsOf = (schema: z.ZodType): string[] =>
  parts(schema).flatMap(({ shape }) => Object.keys((shape as object | undefined) ?? {}));

describe("the texts of a schema", () => {
  test("there are schemas to look at", () => expect(SCHEMAS.length).toBeGreaterThan(150));

  test.each(SCHEMAS)("%s: every rule of its own names a text of the catalogue", (_, schema) => {
    for (const def of parts(schema)) {
      const text = def.error?.({ code: "custom", input: undefined, path: [] });
      if (text !== undefined) expect(messageOfRule(String(text))).toMatchObject({ key: expect.any(String) });
      // A rule without a text could only say that the value is not valid.
      if (def["type"] === "custom" || def["format"] === "regex") expect(def.error).toBeTypeOf("function");
    }
  });

  test.each(SCHEMAS)("%s: a hostile request is refused in the catalogue's words", (_, schema, source) => {
    const names = fieldsOf(schema);
    const sent = HOSTILE.flatMap((value) => [
      value,
      Object.fromEntries(names.map((name) => [name, value])),
      Object.fromEntries(
        names.map((name) => [name, { ...Object.fromEntries(names.map((n) => [n, value])) }]),
      ),
    ]);
    const faults = sent.flatMap((value) => faultsOf(schema, value, source));
    expect(faults).not.toEqual([]);
    const messages = new Map<string, Message>(faults.map(({ detail }) => [JSON.stringify(detail), detail]));
    for (const detail of messages.values()) {
      const [english, russian] = [renderMessage(detail, "en"), renderMessage(detail, "ru")];
      expect(english).not.toMatch(OWN_TEXT);
      expect([english, russian]).not.toContain(detail.key);
      expect(russian).toMatch(/[а-яё]/);
      // It would say nothing of what is right.
      expect(detail).not.toEqual(message("validation.notValid"));
    }
  });
});

describe("what the validation library finds is said in plain words", () => {
  const TABLE: ReadonlyArray<readonly [schema: z.ZodType, value: unknown, english: string, russian: string]> =
    [
      [z.string(), 1, "must be a text", "должно быть строкой"],
      [z.number(), "1", "must be a number", "должно быть числом"],
      [z.int(), 1.5, "must be a whole number", "должно быть целым числом"],
      [z.boolean(), 1, "must be true or false", "должно быть true или false"],
      [z.array(z.string()), {}, "must be a list", "должно быть списком"],
      [z.object({}), [], "must be an object", "должно быть объектом"],
      [z.record(z.string(), z.string()), [], "must be an object", "должно быть объектом"],
      [z.null(), 1, "must be null", "должно быть null"],
      [
        z.int().min(0).max(100),
        101,
        "must be a whole number from 0 to 100",
        "должно быть целым числом от 0 до 100",
      ],
      [z.number().min(0).max(1), 2, "must be a number from 0 to 1", "должно быть числом от 0 до 1"],
      [z.int().min(1), 0, "must be 1 or more", "должно быть не меньше 1"],
      [z.int().max(9), 10, "must be 9 or less", "должно быть не больше 9"],
      [z.number().gt(3), 3, "must be more than 3", "должно быть больше 3"],
      [z.number().lt(3), 3, "must be less than 3", "должно быть меньше 3"],
      [z.number().multipleOf(5), 3, "must be a multiple of 5", "должно делиться на 5"],
      [z.int(), 1e300, "must be a whole number", "должно быть целым числом"],
      [z.string().min(1), "", "must not be empty", "не должно быть пустым"],
      [
        z.string().min(1).max(50),
        "x".repeat(51),
        "must have 1 to 50 characters",
        "должно содержать от 1 до 50 символов",
      ],
      [z.string().max(1), "xx", "must have at most 1 character", "должно содержать не больше 1 символа"],
      [z.string().min(2), "x", "must have at least 2 characters", "должно содержать не меньше 2 символов"],
      [z.string().length(3), "x", "must have exactly 3 characters", "должно содержать ровно 3 символа"],
      [
        z.array(z.int()).max(50),
        Array(51).fill(1),
        "must have at most 50 entries",
        "должно содержать не больше 50 элементов",
      ],
      [
        z.array(z.int()).min(2),
        [1],
        "must have at least 2 entries",
        "должно содержать не меньше 2 элементов",
      ],
      [z.array(z.int()).length(2), [1], "must have exactly 2 entries", "должно содержать ровно 2 элемента"],
      [
        z.array(z.int()).min(1).max(3),
        [],
        "must have 1 to 3 entries",
        "должно содержать от 1 до 3 элементов",
      ],
      [z.enum(["a", "b"]), "c", "must be one of a, b", "должно быть одним из значений: a, b"],
      [z.literal("a"), "c", "must be a", "должно быть равно a"],
      [
        z.literal(Array.from({ length: 21 }, (_, index) => index)),
        "c",
        "must be one of the values that GET /openapi.json lists",
        "должно быть одним из значений, перечисленных в GET /openapi.json",
      ],
      [
        z.iso.datetime(),
        "x",
        "must be a time such as 2026-11-21T03:00:00+03:00 or 2026-11-21T00:00:00Z",
        "должно быть временем, например 2026-11-21T03:00:00+03:00 или 2026-11-21T00:00:00Z",
      ],
      [z.iso.date(), "x", "must be a date such as 2026-11-21", "должно быть датой, например 2026-11-21"],
      [
        z.url(),
        "x",
        "must be an address such as https://example.com/",
        "должно быть адресом, например https://example.com/",
      ],
      [
        z.uuid(),
        "x",
        "must have the form that GET /openapi.json describes",
        "не соответствует формату из GET /openapi.json",
      ],
      [
        z.union([z.string(), z.int()]),
        [],
        "has none of the forms that are allowed here",
        "не подходит ни под один из допустимых вариантов",
      ],
      [z.strictObject({}), { a: 1 }, "is not known here", "здесь не поддерживается"],
      [z.object({ a: z.string() }), {}, "is required", "обязательно для заполнения"],
      [
        z.record(z.string().max(1), z.int()),
        { long: 1 },
        "has a field whose name is not allowed",
        "содержит недопустимое имя поля",
      ],
    ];
  test.each(TABLE)("case %#: %s", (schema, value, english, russian) => {
    expect(textOf(schema, value)).toEqual([english]);
    expect(textOf(schema, value, "ru")).toEqual([russian]);
  });
});
