import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runWrangler } from "../../src/commands/wrangler.ts";
import { ROOT } from "./document.ts";

/** The commands of a block, one a line, without comments and redirections. */
export const commandsOf = (text: string): string[] =>
  text
    .replaceAll(/(^|\s)#.*$/gm, "")
    .split(/\n|&&|\|/)
    .map((line) => line.replaceAll(/\s[<>]+\s*\S+/g, "").trim())
    .filter((line) => line !== "");

const scripts = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest).scripts;
interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
}

/** Commands of the shell and of every system, with the flags that the pages may use. */
const SHELL_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  curl: ["--fail-with-body", "--header", "--data"],
  export: [],
  read: ["-rs"],
  test: ["-s"],
};

/** What a command names that is not there, or null. */
export async function findUnknown(command: string): Promise<string | null> {
  const words = command.split(/\s+/);
  if (words[0] === "npx" && words[1] === "wrangler") return findUnknownInWrangler(words.slice(2));
  if (words[0] === "npm" && words[1] === "run") return findUnknownInScript(words.slice(2));
  if (words[0] === "npm" && words[1] === "install") return null;
  const flags = SHELL_COMMANDS[words[0] ?? ""];
  return flags !== undefined && flagsIn(words).every((flag) => flags.includes(flag))
    ? null
    : `${words[0]} is not known here, or has another flag`;
}

const flagsIn = (words: readonly string[]): string[] =>
  words.filter((word) => /^--?\w/.test(word)).map((word) => word.split("=")[0] ?? "");
const hasFlag = (text: string, flag: string): boolean =>
  new RegExp(`(?<![\\w-])${flag}(?![\\w-])`).test(text);

/** Help that was read before, by the name of the command. wrangler takes seconds to start. */
const helpCache = new Map<string, string>();

async function loadHelp(words: readonly string[], command: readonly string[]): Promise<string> {
  const known = [...helpCache].find(([title]) => `${words.join(" ")} `.startsWith(`${title} `));
  return known?.[1] ?? (await runWrangler([...command, "--help"]).catch((error: Error) => error.message));
}

/** wrangler's help of a command begins with its name; that of a mere group lists the commands below it. */
async function findUnknownInWrangler(words: readonly string[]): Promise<string | null> {
  const first = words.findIndex((word) => word.startsWith("-"));
  const command = (first === -1 ? words : words.slice(0, first)).slice(0, 4);
  const help = await loadHelp(words, command);
  const [, title = ""] = /^wrangler ([a-z0-9 -]+?)(?= [<[]|$)/m.exec(help) ?? [];
  if (title === "" || !words.join(" ").startsWith(title)) return `wrangler has no ${command.join(" ")}`;
  if (/^COMMANDS$/m.test(help)) return `wrangler ${title} is not a whole command`;
  helpCache.set(title, help);
  const unknown = flagsIn(words).find((flag) => !hasFlag(help, flag));
  return unknown === undefined ? null : `wrangler ${title} has no ${unknown}`;
}

function findUnknownInScript(words: readonly string[]): string | null {
  const [name = "", ...rest] = words.filter((word) => word !== "--silent" && word !== "--");
  const program = scripts[name]?.split(" ").at(-1);
  if (program === undefined) return `package.json has no script ${name}`;
  const text = readFileSync(join(ROOT, program), "utf8");
  const unknown = flagsIn(rest).find((flag) => !hasFlag(text, flag) && !hasFlag(text, `${flag.slice(2)}`));
  return unknown === undefined ? null : `npm run ${name} has no ${unknown}`;
}
