import { type ChildProcess, execFile, spawn } from "node:child_process";
import { resolve } from "node:path";
import { ROOT } from "./local-state.ts";

/** Keeps wrangler quiet, and from calling any server outside this machine. */
export const QUIET_ENV = {
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  CI: "true",
};
const PLAIN_ENV = { ...QUIET_ENV, FORCE_COLOR: "0" };

const PROGRAM = resolve(ROOT, "node_modules/wrangler/wrangler-dist/cli.js");
const OUTPUT_MAX = 10_000_000;

/**
 * Ends wrangler, which then ends workerd, when the process that started it dies for any reason, because the
 * channel to it closes.
 */
const EXIT_WITH_PARENT =
  "data:text/javascript,process.once('disconnect',()=>process.kill(process.pid,'SIGTERM'))";

/** Starts wrangler, which serves until it is stopped. */
export function startWrangler(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--no-warnings", "--import", EXIT_WITH_PARENT, PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...PLAIN_ENV },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A process group of its own: Ctrl-C then reaches only the command that started it, which ends it in good
    // order.
    detached: process.platform !== "win32",
  });
}

/** Runs what ends by itself. @throws Error with all that wrangler said, when it fails */
export function runWrangler(args: readonly string[]): Promise<string> {
  const options = { cwd: ROOT, env: { ...process.env, ...PLAIN_ENV }, maxBuffer: OUTPUT_MAX };
  return new Promise((done, failed) => {
    execFile(process.execPath, ["--no-warnings", PROGRAM, ...args], options, (error, out, noise) => {
      if (error === null) done(out);
      else failed(new Error(`wrangler ${args.slice(0, 3).join(" ")} failed:\n${out}${noise}`.trim()));
    });
  });
}
