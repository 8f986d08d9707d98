import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Checkout, newCheckout, stopGate } from "../harness/checkout.ts";
import { migrated, rowsOf } from "../harness/database.ts";

let checkout: Checkout;
beforeAll(async () => {
  checkout = await newCheckout();
});
afterAll(() => checkout.remove());

const run = (name: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(checkout.folder, "src/commands", name), ...args],
    { cwd: checkout.folder, encoding: "utf8", input: "" },
  );
  return { status, out: stdout + stderr };
};

const answers = () =>
  fetch(`http://127.0.0.1:${checkout.port}/.well-known/jwks.json`).then(
    ({ status }) => status,
    () => null,
  );
const keysIn = (out: string) => [...new Set(out.match(/tgk_\w{49}/g))].sort();

test("start, tour, start again with the data kept, reset", async () => {
  const first = await checkout.start();
  expect(first.out).toContain("Acme Licensing (vendor)");
  // The studio's viewer has no key: viewers sign in.
  expect(keysIn(first.out)).toHaveLength(14);
  for (const path of [".dev.vars", ".tollgate/demo.json"])
    expect(statSync(join(checkout.folder, path)).mode & 0o777, path).toBe(0o600);

  const tour = run("tour.ts");
  expect(tour.out).toContain("every answer as expected");
  expect(tour.status).toBe(0);
  expect(run("start.ts", "--port", String(checkout.port))).toMatchObject({
    status: 1,
    out: expect.stringContaining("runs already"),
  });
  expect(run("reset.ts")).toMatchObject({ status: 1, out: expect.stringContaining("is running") });
  await stopGate(first.child);
  expect(await answers()).toBe(null);

  // Other tests begin with tables that were made at once.
  const [gradually, atOnce] = [checkout.state, await migrated()];
  const TABLES = "SELECT name, sql FROM sqlite_schema WHERE name <> 'd1_migrations' ORDER BY name";
  for (const rows of [TABLES, "SELECT name FROM d1_migrations ORDER BY id"])
    expect(rowsOf(atOnce, rows)).toEqual(rowsOf(gradually, rows));

  const second = await checkout.start();
  expect(second.out).not.toContain("Acme Licensing (vendor)");
  expect(keysIn(second.out)).toEqual(keysIn(first.out));
  expect(run("tour.ts").status).toBe(0);
  await stopGate(second.child);

  expect(run("reset.ts").status).toBe(0);
  for (const path of [".dev.vars", ".tollgate", ".wrangler/state"])
    expect(existsSync(join(checkout.folder, path)), path).toBe(false);
});

test("a gate whose parent is killed ends by itself", async () => {
  await checkout.migrate();
  const { child } = await checkout.start();
  child.kill("SIGKILL");
  await expect.poll(answers, { timeout: 20_000 }).toBe(null);
  await expect.poll(() => run("reset.ts").status, { timeout: 20_000 }).toBe(0);
});

test("a port that is taken is a sentence, not a trace", async () => {
  const server = createServer().listen(checkout.port, "127.0.0.1");
  await once(server, "listening");
  const { status, out } = run("start.ts", "--port", String(checkout.port));
  server.close();
  expect({ status, out: out.trim() }).toEqual({
    status: 1,
    out:
      `Something else listens on 127.0.0.1:${checkout.port}. ` +
      `Stop it, or choose another port: npm start -- --port ${checkout.port + 1}`,
  });
});
