import { describe, expect, test } from "vitest";
import { readRepositoryFile } from "../architecture/repository-file.ts";
import { REFERENCE_COMMAND, referencePages, stalePages } from "../reference.ts";
import { bindingsOf, variablesOf } from "../reference/configuration.ts";
import { constantsOf, isLimit } from "../reference/limit-constant.ts";
import { INTERNAL_LIMITS, LIMITS } from "../reference/limit-table.ts";
import { limitConstants } from "../reference/limits.ts";
import { bytes, duration, table } from "../reference/table.ts";

const pages = referencePages();

describe("the pages of docs/reference", () => {
  test(`are what the code says now; if not, run ${REFERENCE_COMMAND}`, () =>
    expect(stalePages(pages)).toEqual([]));

  test("begin with a title and the command that writes them", () => {
    expect(pages.length).toBe(5);
    for (const { path, text } of pages)
      expect(text, path).toMatch(/^# \w+\n\nThis page is generated: `npm run reference` writes it\./);
  });

  test("are stale when one word is another, and when one is missing", () => {
    const text = new Map(pages.map((page) => [page.path, page.text]));
    const [first, second] = pages.map(({ path }) => path);
    const edited = (path: string) => text.get(path)?.replace("generated", "written") ?? null;
    expect(stalePages(pages, (path) => text.get(path) ?? null)).toEqual([]);
    expect(stalePages(pages, (path) => (path === first ? edited(path) : (text.get(path) ?? null)))).toEqual([
      first,
    ]);
    expect(stalePages(pages, (path) => (path === second ? null : (text.get(path) ?? null)))).toEqual([
      second,
    ]);
  });
});

describe("the page of limits", () => {
  const constants = limitConstants();
  const listed = Object.values(LIMITS).flatMap((rows) => rows.map(([path, name]) => `${path} ${name}`));

  test("names every limit of the Worker that is not internal", () => {
    const bounds = [...constants].filter(([, one]) => isLimit(one)).map(([name]) => name);
    expect(bounds.length).toBeGreaterThan(60);
    expect(bounds.filter((name) => !listed.includes(name) && !INTERNAL_LIMITS.has(name))).toEqual([]);
  });

  test("names each once, and each internal limit is there", () => {
    expect(new Set(listed).size).toBe(listed.length);
    expect([...INTERNAL_LIMITS].filter((name) => !constants.has(name) || listed.includes(name))).toEqual([]);
  });

  test("finds numbers, products and constants above, and no other", () => {
    const text = [
      "const DAY_MS = 24 * 60 * 60 * 1_000;",
      "export const KEPT_TTL_MS = 7 * DAY_MS;",
      "const ROWS_MAX: number = 0xff;",
      "const OTHER_MAX = ROWS_MAX + 1;",
      'const NAME_MAX = "9";',
    ].join("\n");
    const found = constantsOf("x.ts", text);
    expect(found.map(({ name, value }) => [name, value])).toEqual([
      ["DAY_MS", 86_400_000],
      ["KEPT_TTL_MS", 604_800_000],
      ["ROWS_MAX", 255],
    ]);
    expect(found.filter(isLimit).map(({ name }) => name)).toEqual(["KEPT_TTL_MS", "ROWS_MAX"]);
  });
});

describe("the page of the configuration", () => {
  const environment = readRepositoryFile("src/env.ts");
  const declared = Array.from(environment.matchAll(/^ {2}readonly (\w+)/gm), ([, name]) => name);

  test("has a meaning for every field of the environment", () => {
    const bindings = bindingsOf(environment);
    expect(bindings.map(({ name }) => name)).toEqual(declared);
    expect(bindings.filter(({ meaning }) => !/^[^*]+\.$/.test(meaning))).toEqual([]);
  });

  test("has every variable of wrangler.toml, and the environment has it too", () => {
    const names = [...variablesOf(readRepositoryFile("wrangler.toml")).keys()];
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !declared.includes(name))).toEqual([]);
  });

  test("leaves out a field without a comment, which the test above reports", () =>
    expect(
      bindingsOf("/** One. */\n  readonly A: string;\n  readonly B: string;").map(({ name }) => name),
    ).toEqual(["A"]));
});

test("a duration has the largest unit that is whole, a size its power of two", () => {
  expect([500, 90_000, 3_600_000, 86_400_000, 604_800_000].map(duration)).toEqual([
    "500 milliseconds",
    "90 seconds",
    "1 hour",
    "24 hours",
    "7 days",
  ]);
  expect([65_536, 20_971_520, 1_000].map(bytes)).toEqual(["64 KiB", "20 MiB", "1,000 bytes"]);
});

test("a cell keeps to its row and its column", () =>
  expect(table(["a"], [["1|2\n<3>"]])).toBe("| a |\n|---|\n| 1\\|2 \\<3> |"));
