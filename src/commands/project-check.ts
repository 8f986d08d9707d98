import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { ROOT } from "./local-state.ts";
import { QUIET_ENV } from "./wrangler.ts";

/** Runs a Node program in front of the person. @throws Error when it fails */
export async function runProgram(what: string, path: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [resolve(ROOT, path), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET_ENV },
    stdio: "inherit",
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${what} failed.`);
}

/**
 * Starts a Node program beside others. The function that it returns waits for its end, and shows what it has
 * printed. @throws Error, by that function, when it fails
 */
export function startProgram(what: string, path: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(process.execPath, [resolve(ROOT, path), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET_ENV },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      printed.push(chunk);
    });
  const closed = once(child, "close");
  return async () => {
    const [code] = await closed;
    process.stdout.write(Buffer.concat(printed));
    if (code !== 0) throw new Error(`${what} failed.`);
  };
}

/** @param project path of a tsconfig.json. @throws Error when a type is wrong */
export const checkTypes = (project: string): Promise<void> =>
  runProgram(`The type check of ${project}`, "node_modules/typescript/bin/tsc", ["-p", project]);

/**
 * Form and lint, as .biome.json says.
 * @param args `--write` mends the form.
 * @throws Error when something is left
 */
export const checkFormat = (args: readonly string[] = []): Promise<void> =>
  runProgram(
    "The check of form and lint (npm run format mends the form)",
    "node_modules/@biomejs/biome/bin/biome",
    ["check", "--error-on-warnings", ...args],
  );
