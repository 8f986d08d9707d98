import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { migrated } from "./database.ts";
import { ROOT } from "./document.ts";
import { freePort } from "./port.ts";

const COPIED_PATHS = [
  "src",
  "migrations",
  "docs",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  "tsconfig.json",
  "README.md",
];
const READY_TEXT = "Calls from now on";

/** A copy of this repository with a gate of its own, so that the developer's local data is left alone. */
export interface Checkout {
  readonly folder: string;
  readonly port: number;
  /** A PATH whose npm starts `npm run call` without npm itself, which takes most of the time of a call. */
  readonly quickPath: string;
  /** Where wrangler keeps the gate's state. */
  readonly state: string;
  /** Puts a migrated, empty database there, for tests of anything but the first start. */
  migrate(): Promise<void>;
  /** `npm start`, until it shows calls. */
  start(): Promise<StartedGate>;
  /** Ends what was started, and removes the copy. */
  remove(): Promise<void>;
}

export interface StartedGate {
  readonly child: ChildProcess;
  readonly out: string;
}

export async function newCheckout(): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-checkout-"));
  for (const path of COPIED_PATHS) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const port = await freePort();
  const running: ChildProcess[] = [];
  const state = join(folder, ".wrangler/state");
  return {
    folder,
    port,
    state,
    migrate: async () => cpSync(await migrated(), state, { recursive: true }),
    quickPath: [quickNpm(folder), process.env["PATH"]].join(delimiter),
    start: () => startGate(folder, port, running),
    remove: async () => {
      await Promise.all(running.map(stopGate));
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function startGate(folder: string, port: number, running: ChildProcess[]): Promise<StartedGate> {
  const program = join(folder, "src/commands/setup.mjs");
  const child = spawn(process.execPath, [program, "src/commands/start.ts", "--port", String(port)], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let out = "";
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        out += chunk;
        if (out.includes(READY_TEXT)) ready();
      });
    }
    child.on("exit", () => failed(new Error(out)));
  });
  return { child, out };
}

/** Ends the gate as Ctrl+C does. */
export async function stopGate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGINT");
  await once(child, "exit");
}

function quickNpm(folder: string): string {
  const bin = join(folder, ".quick");
  mkdirSync(bin);
  const lines = [
    "#!/bin/sh",
    'while [ "$1" != "--" ]; do shift || exit 1; done',
    "shift",
    `exec "${process.execPath}" --no-warnings "${join(folder, "src/commands/call.ts")}" "$@"`,
  ];
  writeFileSync(join(bin, "npm"), `${lines.join("\n")}\n`);
  chmodSync(join(bin, "npm"), 0o755);
  return bin;
}
