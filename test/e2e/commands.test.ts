import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const CHECKOUT = [
  "src",
  "migrations",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  "tsconfig.json",
  "README.md",
];

let checkout = "";
let port = 0;
const running: ChildProcess[] = [];

/** A checkout of its own, so that the developer's local files are left alone. */
beforeAll(async () => {
  checkout = mkdtempSync(join(tmpdir(), "tollgate-checkout-"));
  for (const path of CHECKOUT) cpSync(join(ROOT, path), join(checkout, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"), "junction");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  server.close();
});

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(checkout, { recursive: true, force: true, maxRetries: 10 });
});

const program = (name: string) => join(checkout, "src/commands", name);
const run = (name: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program(name), ...args], {
    cwd: checkout,
    encoding: "utf8",
    input: "",
  });
  return { status, out: stdout + stderr };
};

/** `npm start`, up to the moment at which it shows calls. */
async function start(): Promise<{ readonly child: ChildProcess; readonly out: string }> {
  const child = spawn(
    process.execPath,
    [program("setup.mjs"), "src/commands/start.ts", "--port", String(port)],
    { cwd: checkout, stdio: ["ignore", "pipe", "pipe"] },
  );
  running.push(child);
  let out = "";
  await new Promise<void>((ready, failed) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        out += chunk;
        if (out.includes("Calls from now on")) ready();
      });
    child.on("exit", () => failed(new Error(out)));
  });
  return { child, out };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGINT");
  await once(child, "exit");
}

const answers = () =>
  fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`).then(
    ({ status }) => status,
    () => null,
  );
const keysIn = (out: string) => [...new Set(out.match(/tgk_\w{49}/g))].sort();

test("start, tour, start again with the data kept, reset", async () => {
  const first = await start();
  expect(first.out).toContain("Acme Licensing (vendor)");
  // The studio's viewer has no key: viewers sign in.
  expect(keysIn(first.out)).toHaveLength(14);
  for (const path of [".dev.vars", ".tollgate/demo.json"])
    expect(statSync(join(checkout, path)).mode & 0o777, path).toBe(0o600);

  const tour = run("tour.ts");
  expect(tour.out).toContain("every answer as expected");
  expect(tour.status).toBe(0);
  expect(run("start.ts", "--port", String(port))).toMatchObject({
    status: 1,
    out: expect.stringContaining("runs already"),
  });
  expect(run("reset.ts")).toMatchObject({ status: 1, out: expect.stringContaining("is running") });
  await stop(first.child);
  expect(await answers()).toBe(null);

  const second = await start();
  expect(second.out).not.toContain("Acme Licensing (vendor)");
  expect(keysIn(second.out)).toEqual(keysIn(first.out));
  expect(run("tour.ts").status).toBe(0);
  await stop(second.child);

  expect(run("reset.ts").status).toBe(0);
  for (const path of [".dev.vars", ".tollgate", ".wrangler/state"])
    expect(existsSync(join(checkout, path)), path).toBe(false);
});

test("a gate whose parent is killed ends by itself", async () => {
  const { child } = await start();
  child.kill("SIGKILL");
  await expect.poll(answers, { timeout: 20_000 }).toBe(null);
  await expect.poll(() => run("reset.ts").status, { timeout: 20_000 }).toBe(0);
});

test("a port that is taken is a sentence, not a trace", async () => {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const { status, out } = run("start.ts", "--port", String(port));
  server.close();
  expect({ status, out: out.trim() }).toEqual({
    status: 1,
    out:
      `Something else listens on 127.0.0.1:${port}. ` +
      `Stop it, or choose another port: npm start -- --port ${port + 1}`,
  });
});
