import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  BODY_LIMIT,
  checkBodyHeaders,
  instant,
  readJson,
  receiveUpload,
  singleLineText,
} from "../../../src/kernel/http/body.ts";
import { validate } from "../../../src/kernel/http/validate.ts";
import { fingerprint, parseIdempotencyKey } from "../../../src/kernel/http/idempotency.ts";
import { findAmbiguousFields } from "../../../src/kernel/http/ambiguous-field.ts";
import { decodeCursor, encodeCursor, listQuery, toPage } from "../../../src/kernel/http/page.ts";
import { type RequestFault, Problem } from "../../../src/kernel/http/problem.ts";
import { renderMessage } from "../../../src/kernel/messages/message.ts";
import { ruleText } from "../../../src/kernel/messages/rule-text.ts";

const placeOf = (fault: RequestFault): string =>
  "pointer" in fault ? fault.pointer : "parameter" in fault ? fault.parameter : fault.header;

/** What was refused, and with which faults; anything but a Problem is a bug and stays an exception. */
async function refused(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Problem) return [error.code, ...(error.extra.errors ?? []).map(placeOf)].join(" ");
    throw error;
  }
  return "accepted";
}

describe("K16 members that two readers would read differently are named", () => {
  const TABLE: ReadonlyArray<readonly [json: string, ...faults: string[]]> = [
    ['{"name":1,"name":2}', "/name is sent twice"],
    ['{"a":{"b":[0,{"c":1,"\\u0063":2}]},"b":1}', "/a/b/1/c is sent twice"],
    ['{"__proto__":1}', "/__proto__ is not known here"],
    ['{"rows":[{},{"x":{"\\u005f_proto__":{}}}]}', "/rows/1/x/__proto__ is not known here"],
    ['{"a":1,"a":2,"a":3}', "/a is sent twice", "/a is sent twice"],
    ['[{"a":1},{"a":1,"b":{"a":1}}]'],
    ['{"a":"a","b":"a\\":{"}'],
    ['{"a":["a","a"],"A":1}'],
    ['"a"'],
    ["1"],
  ];
  test.each(TABLE)("K16 %s", (json, ...faults) => {
    JSON.parse(json);
    expect(
      findAmbiguousFields(json).map((fault) => `${placeOf(fault)} ${renderMessage(fault.detail, "en")}`),
    ).toEqual(faults);
  });

  test("K16 none is named in what JSON.stringify writes, and a deep text is no work", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const json = JSON.stringify(value);
        expect(
          findAmbiguousFields(json).filter(({ detail }) => detail.key === "validation.sentTwice"),
        ).toEqual([]);
      }),
    );
    const deep = `${'{"a":'.repeat(5_000)}{${Array(5_000).fill('"a":1').join(",")}}${"}".repeat(5_000)}`;
    expect(findAmbiguousFields(deep)).toHaveLength(50);
  });
});

test("K15 a command is the same in any order of its members, and another for anything else", () => {
  const of = (body: unknown) => fingerprint("POST", "/v1/x", body);
  expect(of({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(of({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }));
  expect(
    new Set([of({ a: [1, 2] }), of({ a: [2, 1] }), of({ a: "1" }), of({ a: 1 }), of({ b: 1 }), of(undefined)])
      .size,
  ).toBe(6);
});

const encode = (json: string) => Buffer.from(json).toString("base64url");

describe("a page cursor", () => {
  const HOSTILE = [
    "",
    "A",
    "=",
    "====",
    "%00",
    "ab cd",
    "\u0000",
    "\ud800",
    "не курсор",
    "+/",
    "e30",
    encode("{"),
    encode("null"),
    encode("true"),
    encode("[]"),
    encode("{}"),
    encode('["__proto__"]'),
    encode('{"__proto__":1}'),
    encode("1e400"),
    encode("-1"),
    encode("0"),
    encode("1.5"),
    encode("9007199254740993"),
    encode('"1"'),
    encode("NaN"),
    Buffer.from([0x22, 0xff, 0xfe, 0x22]).toString("base64url"),
    Buffer.from([0xc0, 0x80]).toString("base64url"),
    encode("[".repeat(10_000)),
    "x".repeat(100_000),
  ];
  test.each(HOSTILE)("that is hostile is a fault of the query: %j", async (cursor) => {
    expect(await refused(() => decodeCursor(cursor, z.int().min(1)))).toBe("validation cursor");
    const query = z.strictObject(listQuery);
    expect(
      await refused(() => {
        decodeCursor(validate(query, { cursor }, "query").cursor, z.int().min(1));
      }),
    ).toBe("validation cursor");
  });

  test("every text is a position or a fault of the query", async () => {
    const any = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.base64String(),
      fc.jsonValue().map((value) => encodeCursor(value)),
    );
    await fc.assert(
      fc.asyncProperty(any, async (cursor) => {
        const outcome = await refused(() =>
          decodeCursor(cursor, z.strictObject({ id: z.string(), at: z.int() })),
        );
        return outcome === "accepted" || outcome === "validation cursor";
      }),
      { numRuns: 2_000 },
    );
  });

  test("comes back as the position that it was made from, in characters that a URL takes", () => {
    const position = fc.record({ id: fc.string({ unit: "grapheme" }), at: fc.maxSafeInteger() });
    fc.assert(
      fc.property(position, (value) => {
        const cursor = encodeCursor(value);
        expect(decodeCursor(cursor, z.strictObject({ id: z.string(), at: z.int() }))).toEqual(value);
        return /^[A-Za-z0-9_-]+$/.test(cursor);
      }),
    );
  });

  test("that is absent begins at the beginning", () =>
    expect(decodeCursor(undefined, z.string())).toBeNull());

  test("pages, one after the other, are the whole list once", () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 20 }), (count, limit) => {
        const rows = Array.from({ length: count }, (_, index) => index + 1);
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const after = decodeCursor(cursor, z.int()) ?? 0;
          const { data, nextCursor } = toPage(
            rows.filter((row) => row > after).slice(0, limit + 1),
            limit,
            (row) => row,
            (row) => row,
          );
          expect(data.length).toBeLessThanOrEqual(limit);
          seen.push(...data);
          cursor = nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(rows);
      }),
    );
  });

  test.each(["0", "101", "-1", "1.5", "", "ten", "Infinity", "1e400", "١"])(
    "the limit %j is refused",
    async (limit) => {
      expect(await refused(() => validate(z.strictObject(listQuery), { limit }, "query"))).toBe(
        "validation limit",
      );
    },
  );
});

test("what is missing is required, in body and query; what is there and wrong says what it should be", () => {
  const schema = z
    .strictObject({
      name: singleLineText(5),
      kind: z.enum(["a", "b"]),
      at: instant,
      list: z.array(z.strictObject({ id: z.string() })),
      either: z.union([z.string(), z.number()]),
      own: z.string().optional(),
    })
    .superRefine(({ own }, context) => {
      if (own === undefined)
        context.addIssue({
          code: "custom",
          message: ruleText("validation.notBelow", { max: 5 }),
          path: ["own"],
        });
    });
  const faultsOf = (value: unknown, place: "body" | "query"): Record<string, string> => {
    try {
      validate(schema, value, place);
    } catch (error) {
      if (error instanceof Problem)
        return Object.fromEntries(
          (error.extra.errors ?? []).map((fault) => [placeOf(fault), renderMessage(fault.detail, "en")]),
        );
    }
    return { nothing: "is wrong" };
  };
  const required = ["name", "kind", "at", "list", "either"];
  expect(faultsOf({}, "query")).toEqual(Object.fromEntries(required.map((name) => [name, "is required"])));
  expect(faultsOf(undefined, "body")).toEqual({ "": "is required" });
  expect(faultsOf({ name: null, kind: "c", at: "x", list: [{}], either: 1 }, "body")).toEqual({
    "/name": "must be a text",
    "/kind": "must be one of a, b",
    "/at": expect.stringContaining("must be a time"),
    "/list/0/id": "is required",
  });
  expect(faultsOf({ name: "a", kind: "a", at: "2026-11-21T00:00:00Z", list: [], either: 1 }, "body")).toEqual(
    { "/own": "must be less than 5" },
  );
});

test("where one of several forms is taken, the faults are those of the form that was meant", async () => {
  const forms = z.union(
    [z.strictObject({ email: z.email(), code: z.string() }), z.strictObject({ token: z.string() })],
    "send one of them",
  );
  const table: ReadonlyArray<readonly [sent: object, expected: string]> = [
    [{ email: "a@example.com" }, "validation /code"],
    [{ token: 1 }, "validation /token"],
    [{ email: "x" }, "validation /email /code"],
    [{ email: "x", code: 1 }, "validation /email /code"],
    [{}, "validation "],
    [{ email: "a@example.com", token: "x" }, "validation /email"],
    [[], "validation "],
    [{ token: "x" }, "accepted"],
  ];
  for (const [sent, expected] of table)
    expect(
      await refused(() => {
        validate(forms, sent, "body");
      }),
      JSON.stringify(sent),
    ).toBe(expected);
  expect(
    await refused(() => {
      validate(z.strictObject({ how: forms }), { how: { email: "a@example.com" } }, "body");
    }),
  ).toBe("validation /how/code");
});

const post = (
  body: BodyInit | null,
  headers: Record<string, string> = { "content-type": "application/json" },
) =>
  new Request("http://gate.example/", {
    method: "POST",
    headers,
    body,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });

/** A body without a declared length, in pieces. */
const stream = (pieces: readonly string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });

describe("a body", () => {
  const READ: ReadonlyArray<readonly [title: string, request: Request, value: unknown]> = [
    ["none", post(null), undefined],
    ["empty, of any type", post("", { "content-type": "text/plain" }), undefined],
    ["JSON", post('{"a":[1]}'), { a: [1] }],
    ["JSON with a charset in its type", post("1", { "content-type": "Application/JSON; charset=utf-8" }), 1],
    ["a byte order mark before it", post("\ufeff{}"), {}],
    [
      "pieces that cut a character in two",
      post(new Blob([new Uint8Array([0x22, 0xd0]), new Uint8Array([0xaf, 0x22])]), {
        "content-type": "application/json",
      }),
      "Я",
    ],
    ["the most that is read", post(JSON.stringify("x".repeat(BODY_LIMIT - 2))), "x".repeat(BODY_LIMIT - 2)],
  ];
  test.each(READ)("is read: %s", async (_, request, value) =>
    expect((await readJson(request)).value).toEqual(value),
  );

  const REFUSED: ReadonlyArray<readonly [title: string, request: Request, code: string]> = [
    ["no type", post(new Blob(["{}"]), {}), "media-type"],
    ["another type", post("{}", { "content-type": "text/plain" }), "media-type"],
    [
      "a type that only begins like JSON",
      post("{}", { "content-type": "application/json-patch+json" }),
      "media-type",
    ],
    ["a form", post("a=1", { "content-type": "application/x-www-form-urlencoded" }), "media-type"],
    ["half an object", post('{"a":'), "malformed"],
    ["two values", post("{}{}"), "malformed"],
    ["a trailing comma", post("[1,]"), "malformed"],
    ["not a number", post("NaN"), "malformed"],
    ["bytes that are no UTF-8", post(new Uint8Array([0x22, 0xff, 0x22])), "malformed"],
    ["another encoding", post(Buffer.from("{}", "utf16le")), "malformed"],
    ["one byte too much", post(JSON.stringify("x".repeat(BODY_LIMIT - 1))), "too-large"],
    [
      "too much in pieces, with no length declared",
      post(stream(Array.from({ length: 70 }, () => "x".repeat(1_000)))),
      "too-large",
    ],
  ];
  test.each(REFUSED)("is refused: %s", async (_, request, code) =>
    expect(await refused(() => readJson(request))).toBe(code),
  );

  test.each([
    ["a length that is too much", { "content-length": String(BODY_LIMIT + 1) }, "too-large"],
    ["a length that is endless", { "content-length": "1e999" }, "too-large"],
    [
      "the greatest length",
      { "content-length": String(BODY_LIMIT), "content-type": "application/json" },
      "accepted",
    ],
    ["a length that is none", { "content-length": "many" }, "accepted"],
    ["another type", { "content-type": "multipart/form-data" }, "media-type"],
    ["an empty type", { "content-type": "" }, "media-type"],
  ])("is judged by its headers: %s", async (_, headers, code) =>
    expect(await refused(() => checkBodyHeaders(new Headers(headers)))).toBe(code),
  );
});

describe("a file as the body", () => {
  const upload = { mediaTypes: ["application/zip"], maxBytes: 100_000 };
  const zip = { "content-type": "application/zip" };

  test.each([
    ["of another type than JSON", zip, "accepted"],
    ["with a parameter in its type", { "content-type": "Application/ZIP; q=1" }, "accepted"],
    ["as JSON", { "content-type": "application/json" }, "media-type"],
    ["as long as it may be, which JSON may not", { ...zip, "content-length": "100000" }, "accepted"],
    ["longer", { ...zip, "content-length": "100001" }, "too-large"],
  ])("is judged by its headers: %s", async (_, headers, code) =>
    expect(await refused(() => checkBodyHeaders(new Headers(headers), upload))).toBe(code),
  );

  test.each([
    ["a length", { ...zip, "content-length": "3" }, "abc", "accepted"],
    ["no type", { "content-length": "3" }, "abc", "media-type"],
    ["no length", zip, "abc", "validation Content-Length"],
    ["no bytes", { ...zip, "content-length": "0" }, null, "validation Content-Length"],
    ["a length that is no number", { ...zip, "content-length": "0x" }, "abc", "validation Content-Length"],
    ["half a byte", { ...zip, "content-length": "2.5" }, "abc", "validation Content-Length"],
  ])("is taken with its length: %s", async (_, headers, body, code) => {
    const request = post(body === null ? null : new Blob([body]), headers as Record<string, string>);
    expect(await refused(() => receiveUpload(request, upload))).toBe(code);
  });
});

describe("a fault of the body is named by a JSON pointer (RFC 6901)", () => {
  const schema = z.strictObject({
    name: z.string(),
    "a/b": z.number(),
    "m~n": z.array(z.strictObject({ id: z.int() })),
  });
  const good = { name: "x", "a/b": 1, "m~n": [{ id: 1 }] };
  const FAULTS: ReadonlyArray<readonly [title: string, value: unknown, ...pointers: string[]]> = [
    ["nothing at all", undefined, ""],
    ["no object", [], ""],
    ["a member that is wrong", { ...good, name: 1 }, "/name"],
    ["a slash in a name", { ...good, "a/b": "1" }, "/a~1b"],
    ["a tilde in a name, deep inside", { ...good, "m~n": [{ id: 1 }, { id: 1.5 }] }, "/m~0n/1/id"],
    ["unknown members", { ...good, "x/y~z": 1, other: 2 }, "/x~1y~0z", "/other"],
    ["an unknown member of a member", { ...good, "m~n": [{ id: 1, more: 1 }] }, "/m~0n/0/more"],
    [
      "a member that is named like a prototype",
      JSON.parse('{"name":"x","a/b":1,"m~n":[],"__proto__":{"admin":true}}'),
      "/__proto__",
    ],
    ["an inherited name", { ...good, constructor: 1 }, "/constructor"],
    ["members that are missing", {}, "/name", "/a~1b", "/m~0n"],
    ["a name that has no end", { ...good, ["k".repeat(5_000)]: 1 }, `/${"k".repeat(100)}`],
  ];
  test.each(FAULTS)("%s", async (_, value, ...pointers) => {
    expect(await refused(() => validate(schema, value, "body"))).toBe(["validation", ...pointers].join(" "));
  });
  test("a query parameter is named as it is", async () => {
    expect(
      await refused(() => validate(z.strictObject({ a: z.string() }), { a: "1", "b/c": "2" }, "query")),
    ).toBe("validation b/c");
  });
  test("no answer names more than 50 faults", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${index}`, 1]));
    expect((await refused(() => validate(z.strictObject({}), many, "body"))).split(" ")).toHaveLength(51);
  });
  test("what passes is what was sent", () => expect(validate(schema, good, "body")).toEqual(good));
  test.each(["", " ", "\u0000", "a\u0007b", "a\nb", "a\u0085b", "\ud800", "a\udfffb", "x".repeat(11)])(
    "the line of text %j is refused",
    async (value) => {
      expect(await refused(() => validate(singleLineText(10), value, "body"))).toMatch(/^validation/);
    },
  );
  test("a line of text is trimmed, in any script", () =>
    expect(["  a ", "Ключ", "🗝️"].map((value) => validate(singleLineText(10), value, "body"))).toEqual([
      "a",
      "Ключ",
      "🗝️",
    ]));
});

describe("the Idempotency-Key", () => {
  const KEYS: ReadonlyArray<readonly [header: string | null, key: string | null]> = [
    [null, null],
    ["a", "a"],
    ['"a"', "a"],
    ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ['"8e03978e-40d5"', "8e03978e-40d5"],
    ["x".repeat(128), "x".repeat(128)],
    ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"],
  ];
  test.each(KEYS)("%j is the key %j", (header, key) => expect(parseIdempotencyKey(header)).toBe(key));
  const UNREADABLE = [
    "",
    '""',
    '"',
    '"a',
    'a"',
    '"a"b"',
    "a b",
    '"a b"',
    " a",
    "a\tb",
    "a\\b",
    '"a\\"b"',
    '"a";p=1',
    "ключ",
    "a\u0000",
    "x".repeat(129),
    `"${"x".repeat(129)}"`,
  ];
  test.each(UNREADABLE)("%j cannot be read", async (header) =>
    expect(await refused(() => parseIdempotencyKey(header))).toBe("malformed"),
  );

  test("a command is the same only with the same method, path, query and body", async () => {
    const prints = await Promise.all([
      fingerprint("POST", "/v1/a", { b: 1 }),
      fingerprint("PUT", "/v1/a", { b: 1 }),
      fingerprint("POST", "/v1/a?b=1", { b: 1 }),
      fingerprint("POST", "/v1/a", { b: 2 }),
      fingerprint("POST", "/v1/a", { b: "1" }),
      fingerprint("POST", "/v1/a", [1]),
      fingerprint("POST", "/v1/a", undefined),
      fingerprint("POST", '/v1/a","', undefined),
    ]);
    expect(new Set(prints).size).toBe(prints.length);
    expect(prints.every((print) => /^[0-9a-f]{64}$/.test(print))).toBe(true);
    expect(await fingerprint("POST", "/v1/a", { b: 1 })).toBe(prints[0]);
  });
});
