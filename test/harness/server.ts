import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, platformSql } from "../../src/commands/platform.ts";
import { runWrangler, startWrangler } from "../../src/commands/wrangler.ts";
import { signingKeys } from "./worker-build.ts";
import type { Fetch } from "./client.ts";
import { freePort } from "./port.ts";

const READY_TIMEOUT_MS = 60_000;
/** Where wrangler keeps D1: the file, and what was not yet written into it. */
const DATABASE_FOLDER = "v3/d1/miniflare-D1DatabaseObject";

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
  const [from, copy] = [join(folder, DATABASE_FOLDER), join(folder, name)];
  cpSync(from, copy, { recursive: true });
  return () => {
    rmSync(from, { recursive: true });
    cpSync(copy, from, { recursive: true });
  };
}

/** Of a copy, because to open a database that was killed is to mend it. */
function rowsOf<Row>(folder: string, sql: string): Row[] {
  const copy = mkdtempSync(join(tmpdir(), "tollgate-copy-"));
  try {
    cpSync(join(folder, DATABASE_FOLDER), copy, { recursive: true });
    const [file = ""] = readdirSync(copy).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    const database = new DatabaseSync(join(copy, file));
    const rows = database.prepare(sql).all() as Row[];
    database.close();
    return rows;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function prepareDatabase(folder: string): Promise<Platform> {
  await runWrangler(["d1", "migrations", "apply", "tollgate", "--local", "--persist-to", folder]);
  const { sql, ...platform } = platformSql({
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pia",
    lastName: "Platt",
    now: Date.now(),
  });
  const file = join(folder, "platform.sql");
  writeFileSync(file, `${sql.join(";\n")};\n`);
  await runWrangler([
    "d1",
    "execute",
    "tollgate",
    "--local",
    "--persist-to",
    folder,
    "--yes",
    "--file",
    file,
  ]);
  return platform;
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
