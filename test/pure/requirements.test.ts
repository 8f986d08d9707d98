import { expect, test } from "vitest";
import { findings, findingsIn } from "../findings.ts";
import { asked, idsOf, ledger, titles, titlesIn } from "../requirements.ts";

const known = new Set(asked().map(([id]) => id));

test("every requirement that a test names is in the table", () => {
  const unknown = titles().flatMap(({ file, title }) =>
    idsOf(title)
      .filter((id) => !known.has(id))
      .map((id) => `${id} in ${file}`),
  );
  expect(unknown).toEqual([]);
});

test("no title names a range: each requirement is named by itself", () => {
  expect(titles().filter(({ title }) => /S[0-4]\.\d+\s*[-–…]/.test(title))).toEqual([]);
});

test("the table holds each sentence once, in at most twelve words", () => {
  expect(known.size).toBe(asked().length);
  expect(known.size).toBe(29 + 42 + 24 + 63 + 44);
  expect(asked().filter(([, sentence]) => sentence.split(" ").length > 12)).toEqual([]);
});

test("titles are found in every form of a test", () => {
  const text =
    'test("S0.1 a", () => {}); test.each([1])(`S0.2 %s`, () => {}); ' +
    "describe(\"b\", () => { it('S0.3, S0.4', f); });";
  const found = titlesIn("x.test.ts", text);
  expect(found.flatMap(({ title }) => idsOf(title)).sort()).toEqual(["S0.1", "S0.2", "S0.3", "S0.4"]);
  expect(ledger(found).filter(({ shownBy }) => shownBy.length > 0)).toHaveLength(4);
});

test("each finding of the review is shown by at least three tests, and no title names another", () => {
  const all = findings();
  expect(all.filter(({ shownBy }) => shownBy.length < 3).map(({ id }) => id)).toEqual([]);
  const ids = new Set(all.map(({ id }) => id));
  expect(titles().filter(({ title }) => findingsIn(title).some((id) => !ids.has(id)))).toEqual([]);
});
