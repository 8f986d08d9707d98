import { spawn } from "node:child_process";
import { once } from "node:events";

export interface ShellRun {
  /** What a command of the page must not do. */
  readonly faults: readonly string[];
  readonly out: string;
}

interface Shell {
  readonly args: readonly string[];
  /** Reports each command that fails. */
  readonly watch: string;
}

const SHELLS = {
  bash: {
    args: ["--noprofile", "--norc"],
    watch: "set -E -o pipefail; trap 'echo \"FAULT: $BASH_COMMAND\"' ERR",
  },
  zsh: {
    args: ["-f", "-i"],
    watch: "PS1= PS2=; unsetopt prompt_sp; TRAPZERR() { print -r -- 'FAULT: a command failed' }",
  },
} as const satisfies Record<string, Shell>;

export type ShellName = keyof typeof SHELLS;

const FAULT_LINE = /FAULT: .*|zsh: .*|bash: line \d+: .*/g;
/** A problem that curl prints; `npm run call` prints indented. */
const REFUSAL_LINE = /\{"type":"[^"]*","title":"[^"]*","status":\d+/g;
/** The first line of an answer that `npm run call` prints. */
const STATUS_LINE = /^4\d\d [A-Z].*$/gm;

/** Pastes the text into a shell, as a person does in a terminal. */
export async function paste(name: ShellName, text: string, cwd: string, path: string): Promise<ShellRun> {
  const { args, watch } = SHELLS[name];
  const env = { ...process.env, PATH: path, TERM: "dumb", HISTFILE: "" };
  const child = spawn(name, [...args], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (out += chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${watch}\n${text}\necho "END ""OF PAGE"\nexit 0\n`);
  await once(child, "close");
  return { out, faults: faultsOf(text, out) };
}

function faultsOf(text: string, out: string): string[] {
  const refusals = out.match(STATUS_LINE) ?? [];
  const expected = text.match(/--expect 4\d\d/g) ?? [];
  return [
    ...(out.match(FAULT_LINE) ?? []),
    ...(out.match(REFUSAL_LINE) ?? []),
    ...(refusals.length === expected.length
      ? []
      : [`${expected.length} refusals are expected: ${refusals.join(", ")}`]),
    ...(out.includes("END OF PAGE") ? [] : ["the shell did not reach the end of the page"]),
  ];
}

/** Is the shell installed here? */
export async function hasShell(name: ShellName): Promise<boolean> {
  const child = spawn(name, ["-c", "exit 0"], { stdio: "ignore" });
  const [code] = await Promise.race([once(child, "exit"), once(child, "error").then(() => [1])]);
  return code === 0;
}
