import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** A command block of a page. */
export interface CommandBlock {
  readonly text: string;
  /** Its page says that it needs a Cloudflare account. */
  readonly isRemote: boolean;
}

/** README.md and every page below docs/, by their paths from the root. */
export const documentPaths = (): string[] => [
  "README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .map((path) => `docs/${path.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".md"))
    .sort(),
];

export const readDocument = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The `sh` blocks of a page, in order. The paragraph before a block says what it needs. */
export function blocksOf(text: string): CommandBlock[] {
  const found = text.matchAll(/(?:^|\n)([^\n]*)\n+```sh\n([\s\S]*?)\n```/g);
  return Array.from(found, ([, before = "", body = ""]) => ({
    text: body,
    isRemote: /needs a Cloudflare account/i.test(before),
  }));
}

/** The one block that does not end: it starts the gate. */
export const isStartBlock = ({ text }: CommandBlock): boolean => text.trim() === "npm start";

/** What a person pastes, in order. */
export const pastedCommands = (path: string): string =>
  blocksOf(readDocument(path))
    .filter((block) => !block.isRemote && !isStartBlock(block))
    .map(({ text }) => `${text}\n`)
    .join("");
