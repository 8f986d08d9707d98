import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ROOT } from "./document.ts";

const CONTENTS = [
  "src",
  "migrations",
  "docs",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  "tsconfig.json",
  "README.md",
];
const READY = "Calls from now on";

/** A copy of this repository with a gate of its own, so that the developer's local data is left alone. */
export interface Checkout {
  readonly folder: string;
  readonly port: number;
  /** A PATH whose npm starts `npm run call` without npm itself, which takes most of the time of a call. */
  readonly quickPath: string;
  /** `npm start`, until the demo is loaded. @returns what stops it */
  start(): Promise<() => Promise<void>>;
  remove(): void;
}

export async function newCheckout(): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-documents-"));
  for (const path of CONTENTS) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const port = await freePort();
  return {
    folder,
    port,
    quickPath: [quickNpm(folder), process.env["PATH"]].join(delimiter),
    start: () => start(folder, port),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

async function start(folder: string, port: number): Promise<() => Promise<void>> {
  const program = join(folder, "src/commands/setup.mjs");
  const child = spawn(process.execPath, [program, "src/commands/start.ts", "--port", String(port)], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        out += chunk;
        if (out.includes(READY)) ready();
      });
    }
    child.on("exit", () => failed(new Error(out)));
  });
  return async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGINT");
    await once(child, "exit");
  };
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
