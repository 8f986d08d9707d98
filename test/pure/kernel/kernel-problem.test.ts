import { afterEach, describe, expect, test, vi } from "vitest";
import { toProblemResponse } from "../../../src/kernel/http/problem-response.ts";
import { ID_PREFIXES, type IdKind, idSchema, newId } from "../../../src/kernel/id.ts";
import { RESOURCE_TYPES } from "../../../src/resources/registry.ts";
import { Problem, type ProblemCode, PROBLEMS } from "../../../src/kernel/http/problem.ts";
import { message, problemTexts } from "../../../src/kernel/messages/message.ts";
import { problemBody } from "../../../src/kernel/http/problem-body.ts";

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

afterEach(() => vi.restoreAllMocks());

describe("the table of problems", () => {
  test.each(CODES)("%s has a status, a title and a sentence that says what to do", (code) => {
    const { status } = PROBLEMS[code];
    const { title, detail } = problemTexts(code, "en");
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*(?:\/[a-z]+(?:-[a-z]+)*)?$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].{5,70}[a-zA-Z]$/);
    expect(detail).toMatch(/^[A-Z`].{5,200}\.$|access token or API key>\.$/);
  });

  test("K14 says of a change that met others what happened, and that it may be repeated", () => {
    const { status } = PROBLEMS.stale;
    const { title, detail } = problemTexts("stale", "en");
    expect([status, title]).toEqual([503, "Other changes came first"]);
    expect(detail).toMatch(/changed the same objects .* It changed nothing: repeat it\.$/);
    expect(`${title} ${detail}`).not.toMatch(/\brights?\b/i);
  });

  test.each(["en", "ru"] as const)("has titles that tell the codes apart: %s", (language) =>
    expect(new Set(CODES.map((code) => problemTexts(code, language).title)).size).toBe(CODES.length),
  );

  /** The family of a code decides its status, so that a client may act on the status alone. */
  const FAMILIES: ReadonlyArray<readonly [family: RegExp, statuses: readonly number[]]> = [
    [/^auth\//, [401]],
    [/^credits\/|^plan\//, [402]],
    [/^access\/|^ip\//, [403]],
    [/^conflict\//, [409]],
    [/^invitation\//, [409, 410]],
    [/^idempotency\//, [400, 422]],
  ];
  test.each(FAMILIES)("answers %s with %j", (family, statuses) => {
    const found = CODES.filter((code) => family.test(code));
    expect(found).not.toEqual([]);
    expect(found.filter((code) => !statuses.includes(PROBLEMS[code].status))).toEqual([]);
  });
});

describe("a refusal as it is answered (RFC 9457)", () => {
  test.each(CODES.flatMap((code) => [[code, "en"] as const, [code, "ru"] as const]))(
    "%s in the language %s",
    async (code, language) => {
      const { response, code: said } = toProblemResponse(new Problem(code), "req_1", language);
      const body = (await response.json()) as Record<string, unknown>;
      expect(said).toBe(code);
      expect(response.status).toBe(PROBLEMS[code].status);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(response.headers.get("content-language")).toBe(language);
      expect(response.headers.get("vary")).toBe("Accept-Language");
      expect(response.headers.has("www-authenticate")).toBe(response.status === 401);
      expect(Object.keys(body)).toEqual([
        "type",
        "code",
        "title",
        "status",
        "detail",
        "instance",
        "requestId",
      ]);
      expect(body).toEqual({
        type:
          code === "quota-exceeded"
            ? "https://iana.org/assignments/http-problem-types#quota-exceeded"
            : `/problems/${code}`,
        code,
        ...PROBLEMS[code],
        ...problemTexts(code, language),
        instance: "urn:request:req_1",
        requestId: "req_1",
      });
    },
  );

  test.each([
    ["en", "You cannot block yourself.", "is not known here"],
    ["ru", "Нельзя заблокировать себя.", "здесь не поддерживается"],
  ] as const)("says more where the refusal knows more: %s", (language, detail, fault) => {
    const body = problemBody(
      "validation",
      {
        detail: message("members.blockSelf"),
        errors: [{ pointer: "/a", detail: message("validation.unknownField") }],
        extensions: { required: 5 },
      },
      "req_1",
      language,
    );
    expect(body).toMatchObject({ detail, errors: [{ pointer: "/a", detail: fault }], required: 5 });
  });

  test("keeps the headers of the refusal beside its own", () => {
    const { response } = toProblemResponse(
      new Problem("method-not-allowed", { headers: { Allow: "GET" } }),
      "req_1",
      "en",
    );
    expect([response.headers.get("allow"), response.headers.get("content-type")]).toEqual([
      "GET",
      "application/problem+json",
    ]);
  });

  const BUGS: ReadonlyArray<readonly [title: string, thrown: unknown]> = [
    ["an error", new Error("secret: row 7 of member")],
    ["an error with a cause", new Error("outer secret", { cause: new Error("inner secret") })],
    ["a text", "secret"],
    ["nothing", undefined],
    ["an object in the form of a problem", { code: "not-found", extra: { detail: "secret" } }],
  ];
  test.each(BUGS)("a bug answers 500 and nothing but the request id: %s", async (_, thrown) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { response, code } = toProblemResponse(thrown, "req_1", "en");
    const answer = await response.text();
    expect([response.status, code]).toEqual([500, "internal"]);
    expect(answer).not.toMatch(/secret|stack|\.ts/);
    expect(JSON.parse(answer)).toEqual(problemBody("internal", {}, "req_1", "en"));
    expect(log).toHaveBeenCalledOnce();
    expect(log.mock.calls[0]?.[0]).toMatchObject({ requestId: "req_1" });
  });

  test("a refusal is no bug and is not logged as one", () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    toProblemResponse(new Problem("not-found"), "req_1", "en");
    expect(log).not.toHaveBeenCalled();
  });
});

describe("ids", () => {
  const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
  test("have prefixes that tell the kinds apart, those of resources too", () => {
    const stored = RESOURCE_TYPES.flatMap(({ stored }) => (stored === null ? [] : [stored.idPrefix]));
    const prefixes = [...Object.values(ID_PREFIXES), ...stored];
    expect(stored.length).toBeGreaterThan(20);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    expect(prefixes.every((prefix) => /^[a-z]{3}$/.test(prefix))).toBe(true);
  });
  test.each(KINDS)("of the kind %s are accepted as that kind and no other", (kind) => {
    const id = newId(kind, 1_700_000_000_000);
    expect(KINDS.filter((other) => idSchema(other).safeParse(id).success)).toEqual([kind]);
  });
  test.each([
    "",
    "mem_",
    "mem_01ARZ3NDEKTSV4RRFFQ69G5FA",
    "mem_01ARZ3NDEKTSV4RRFFQ69G5FAVX",
    "mem_01arz3ndektsv4rrffq69g5fav",
    "mem_81ARZ3NDEKTSV4RRFFQ69G5FAV",
    "mem_01ARZ3NDEKTSV4RRFFQ69G5FAI",
    "MEM_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "mem_01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
    " mem_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV",
  ])("%j is no member's", (id) => {
    expect(idSchema("member").safeParse(id).success).toBe(false);
  });
  test("sort by time, also within a millisecond; the least id of a moment comes first", async () => {
    // Ids go on from the latest moment, and files share a process: this module has made none yet.
    vi.resetModules();
    const { newId: makeId, firstIdAt } = await import("../../../src/kernel/id.ts");
    const at = 1_700_000_000_000;
    const ids = [at, at, at, at + 1, at + 1, at + 1_000].map((time) => makeId("call", time));
    expect([...ids].sort()).toEqual(ids);
    expect(firstIdAt("call", at) <= (ids[0] ?? "")).toBe(true);
    expect(firstIdAt("call", at + 1) > (ids[2] ?? "") && firstIdAt("call", at + 1) <= (ids[3] ?? "")).toBe(
      true,
    );
  });
});
