import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, platformSql } from "../../src/commands/platform.ts";
import { startWrangler } from "../../src/commands/wrangler.ts";
import { signingKeys } from "./worker-build.ts";
import type { Fetch } from "./client.ts";
import { DATABASE, execute, migrated, rowsOf } from "./database.ts";
import { freePort } from "./port.ts";
import { prepared } from "./prepared.ts";

const READY_TIMEOUT_MS = 60_000;
const PLATFORM = "platform.json";

/** A whole server with its state in a folder: what a crash test kills and starts again. */
export interface Server {
  readonly platform: Platform;
  readonly fetch: Fetch;
  start(): Promise<void>;
  /** The death that nothing can prepare for: every process of the server at once. */
  kill9(): Promise<void>;
  /** Rows of the database as the disk has it. The server must be down; what it left is not touched. */
  rows<Row>(sql: string): Row[];
  /**
   * Keeps a copy of the database as it is now; what it returns puts that back. The server must be down both
   * times.
   */
  copyDatabase(): () => void;
  /** The cron trigger, which never fires by itself locally. */
  sweep(): Promise<void>;
  /** Ends the server and removes its state. */
  close(): Promise<void>;
}

/** A migrated database with a platform account; `start` makes it listen. */
export async function newServer(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-server-"));
  const platform = await prepareDatabase(folder);
  const [port, keys] = [await freePort(), signingKeys()];
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  let copies = 0;
  const kill9 = async () => {
    if (child?.pid === undefined) return;
    const gone =
      child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
    process.kill(-child.pid, "SIGKILL");
    await gone;
    child = null;
  };
  return {
    platform,
    kill9,
    rows: (sql) => rowsOf(folder, sql),
    fetch: (path, init) => fetch(new URL(path, url), init),
    start: async () => {
      child = startWrangler(developmentArguments(folder, url, keys));
      await waitUntilReady(url, child);
    },
    copyDatabase: () => copyDatabase(folder, `copy-${(copies += 1)}`),
    sweep: async () => {
      const answer = await fetch(`${url}/cdn-cgi/handler/scheduled`);
      if (!answer.ok) throw new Error(`the sweep failed: ${answer.status} ${await answer.text()}`);
    },
    close: async () => {
      await kill9();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const developmentArguments = (folder: string, url: string, keys: string): string[] => [
  "dev",
  ...["--ip", "127.0.0.1", "--port", new URL(url).port, "--inspector-port", "0"],
  ...["--log-level", "error", "--persist-to", folder],
  ...[`ISSUER:${url}`, `APP_URL:${url}`, "DEV_MAIL:on", `SIGNING_KEYS:${keys}`].flatMap((value) => [
    "--var",
    value,
  ]),
];

/** Returns a function that puts the copy back. */
function copyDatabase(folder: string, name: string): () => void {
  const [from, copy] = [join(folder, DATABASE), join(folder, name)];
  cpSync(from, copy, { recursive: true });
  return () => {
    rmSync(from, { recursive: true });
    cpSync(copy, from, { recursive: true });
  };
}

/** The database is migrated and has its platform account once a run; each server has a copy. */
async function prepareDatabase(folder: string): Promise<Platform> {
  const from = await prepared("server", async (made) => {
    cpSync(await migrated(), made, { recursive: true });
    const { sql, ...platform } = platformSql({
      email: "platform@example.com",
      name: "Platform",
      firstName: "Pia",
      lastName: "Platt",
      now: Date.now(),
    });
    await execute(made, [`${sql.join(";\n")};`]);
    writeFileSync(join(made, PLATFORM), JSON.stringify(platform));
  });
  cpSync(from, folder, { recursive: true });
  return JSON.parse(readFileSync(join(folder, PLATFORM), "utf8")) as Platform;
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      output = `${output}${chunk}`.slice(-5_000);
    });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/.well-known/jwks.json`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => null,
    );
    if (answer?.status === 200) return;
    await sleep(100);
  }
  throw new Error(`the server did not come up:\n${output}`);
}
