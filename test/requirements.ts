import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vitest/node";
import { isNode, type Node } from "./architecture/parsed-source.ts";

/** A sentence that was asked for, and the titles of the tests that show it. */
export interface Requirement {
  readonly id: string;
  readonly asked: string;
  readonly shownBy: readonly string[];
}

export interface Title {
  readonly file: string;
  readonly title: string;
}

const ID = /\bS[0-4]\.\d+\b/g;

export const idsOf = (title: string): string[] => title.match(ID) ?? [];

/** The table: an id and what was asked in a few words, one a line. */
export function asked(): ReadonlyArray<readonly [id: string, asked: string]> {
  const lines = readFileSync(join(import.meta.dirname, "requirements.tsv"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => line.split("\t") as [string, string]);
}

/**
 * Titles of every `test`, `it` and `describe` below a folder: their first argument, as a
 * string of any form.
 */
export function titles(folder: string = import.meta.dirname): Title[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .sort();
  return files.flatMap((file) => titlesIn(file, readFileSync(join(folder, file), "utf8")));
}

export function titlesIn(file: string, text: string): Title[] {
  const found: Title[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    if (!isNode(value)) return;
    if (value.type === "CallExpression" && isTest(text, value))
      found.push({ file, title: titleOf(text, value) });
    Object.values(value).forEach(visit);
  };
  visit(parseAst(text, { lang: "ts" }));
  return found;
}

function isTest(text: string, call: Node): boolean {
  const callee = call["callee"] as Node;
  return (
    /^(test|it|describe)\b/.test(text.slice(callee.start, callee.end)) &&
    !/(each|for|skipIf|runIf)$/.test(text.slice(callee.start, callee.end))
  );
}

function titleOf(text: string, call: Node): string {
  const [first] = call["arguments"] as Node[];
  return first === undefined ? "" : text.slice(first.start, first.end).replaceAll(/^["'`]|["'`]$/g, "");
}

/** `file: title` of the tests that are asked for. */
export const shownBy = (found: readonly Title[], isAsked: (title: string) => boolean): string[] =>
  found.filter(({ title }) => isAsked(title)).map(({ file, title }) => `${file}: ${title}`);

export function ledger(found: readonly Title[]): Requirement[] {
  return asked().map(([id, sentence]) => ({
    id,
    asked: sentence,
    shownBy: shownBy(found, (title) => idsOf(title).includes(id)),
  }));
}

function print(requirements: readonly Requirement[]): void {
  for (const { id, asked: sentence, shownBy } of requirements) {
    console.log(`${id.padEnd(6)} ${shownBy.length === 0 ? "-" : "+"} ${sentence}`);
    for (const one of shownBy) console.log(`         ${one}`);
  }
  const shown = requirements.filter(({ shownBy }) => shownBy.length > 0).length;
  console.log(
    `${shown} of ${requirements.length} requirements are shown by a test, ` +
      `${requirements.length - shown} are not yet.`,
  );
}

if (process.argv[1] === import.meta.filename) print(ledger(titles()));
