import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Requirement, shownBy, titles } from "./requirements.ts";

const ID = /\bK\d+\b/g;

export const findingsIn = (title: string): string[] => title.match(ID) ?? [];

/** What a review found, each with the titles of the tests that show its mend. */
export function findings(): Requirement[] {
  const lines = readFileSync(join(import.meta.dirname, "findings.tsv"), "utf8")
    .trimEnd()
    .split("\n");
  const found = titles();
  return lines.map((line) => {
    const [id = "", asked = ""] = line.split("\t");
    return { id, asked, shownBy: shownBy(found, (title) => findingsIn(title).includes(id)) };
  });
}

function print(all: readonly Requirement[]): void {
  for (const { id, asked, shownBy: tests } of all) {
    console.log(`${id.padEnd(4)} ${tests.length === 0 ? "-" : "+"} ${asked}`);
    for (const one of tests) console.log(`       ${one}`);
  }
  console.log(
    `${all.filter(({ shownBy: tests }) => tests.length > 0).length} of ${all.length} findings ` +
      "are shown by a test.",
  );
}

if (process.argv[1] === import.meta.filename) print(findings());
