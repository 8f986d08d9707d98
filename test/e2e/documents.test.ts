import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Checkout, newCheckout } from "../harness/checkout.ts";
import { blocksOf, isStartBlock, readDocument, documentPaths, pastedCommands } from "../harness/document.ts";
import { commandsOf, findUnknown } from "../harness/documented-command.ts";
import { hasShell, paste, type ShellName } from "../harness/shell.ts";
import { isSoak } from "../harness/soak.ts";

const PATH = process.env["PATH"] ?? "";
const START_WITHIN_MS = 300_000;
const withBlocks = documentPaths().filter((path) => pastedCommands(path) !== "");

let checkout: Checkout;

beforeAll(async () => {
  checkout = await newCheckout();
});

afterAll(() => checkout.remove());

const call = (...args: string[]) => {
  const program = join(checkout.folder, "src/commands/call.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", program, ...args], {
    cwd: checkout.folder,
    encoding: "utf8",
  });
  return { status, out: stdout, said: stderr };
};

/** Pastes a page, which names the usual port, into a shell that has the checkout as its folder. */
const run = (shell: ShellName, path: string, searchPath: string) =>
  paste(shell, pastedCommands(path).replaceAll(":8787", `:${checkout.port}`), checkout.folder, searchPath);

test("a call without a running demo is a sentence", () => {
  const said = "The demo does not run. Start it in another terminal: npm start\n";
  expect(call("GET", "/v1/me")).toEqual({ status: 1, out: "", said });
});

describe("with the demo", () => {
  beforeAll(async () => {
    await checkout.migrate();
    await checkout.start();
  }, START_WITHIN_MS);

  test("README.md starts the gate with one command", () => {
    expect(blocksOf(readDocument("README.md")).filter(isStartBlock)).toHaveLength(1);
    expect(withBlocks.length).toBeGreaterThan(14);
  });

  // In the short form the second time is the one in zsh, on the same demo.
  test.each(withBlocks)("bash runs %s, and again", async (path) => {
    // README.md goes through npm itself; it shows that the short way of the others is the same.
    const first = path === "README.md" ? PATH : checkout.quickPath;
    expect(await run("bash", path, first).then(summary)).toEqual([]);
    const isAgain = isSoak || path === "README.md" || !(await hasShell("zsh"));
    if (isAgain) expect(await run("bash", path, checkout.quickPath).then(summary)).toEqual([]);
  });

  test("zsh runs every page as pasted into a terminal", async () => {
    if (!(await hasShell("zsh"))) {
      console.error("NOT RUN: zsh is not installed, so no block of the documents was pasted into it.");
      return;
    }
    for (const path of withBlocks) {
      expect(await run("zsh", path, checkout.quickPath).then(summary), path).toEqual([]);
    }
  });

  test("a call prints status and answer, and fails when it should", () => {
    const as = ["--as", "Acme owner"];
    expect(call("GET", "/v1/me", ...as).out).toMatch(/^200 OK\n\{\n {2}"member": \{\n/);
    expect(call("GET", "/v1/me", ...as, "--pick", "account.kind")).toMatchObject({
      status: 0,
      out: "vendor\n",
    });
    expect(call("GET", "/v1/me")).toMatchObject({ status: 0, out: expect.stringMatching(/^401 /) });
    expect(call("GET", "/v1/me", "--expect", "200")).toMatchObject({ status: 1 });
    expect(call("GET", "/v1/me", ...as, "--expect", "200")).toMatchObject({ status: 0 });
    expect(call("GET", "/v1/me", ...as, "--pick", "no.such")).toMatchObject({ status: 1, out: "" });
    expect(call("GET", "/v1/me", "--as", "A stranger").said).toContain('The demo has no login "A stranger".');
    expect(call("GET", "/v1/me", "--as", "Studio viewer").said).toContain("signs in by mail");
    expect(call("POST", "/v1/me/leave", "--data", "{").said).toContain("--data is not JSON");
    expect(call("GET").said).toContain("Usage: npm run call");
  });
});

/** A page's faults, with the end of what it printed. */
const summary = ({ faults, out }: Awaited<ReturnType<typeof paste>>): string[] =>
  faults.length === 0 ? [] : [...faults, out.slice(-2_000)];

describe("what a page must not do", () => {
  const FAULTS: ReadonlyArray<readonly [ShellName, string]> = [
    ["bash", "false"],
    ["bash", "X=$(false)"],
    ["bash", "no-such-command"],
    ["bash", "echo (a)"],
    ["bash", "echo '403 Forbidden'"],
    ["bash", 'echo \'{"type":"/problems/not-found","title":"Nothing here","status":404}\''],
    ["zsh", "# it's a comment"],
    ["zsh", "echo what?"],
    ["zsh", 'echo "Hello!you"'],
  ];
  test.each(FAULTS)("%s reports %s", async (shell, text) => {
    if (await hasShell(shell))
      expect((await paste(shell, text, checkout.folder, PATH)).faults).not.toEqual([]);
  });
});

describe("commands that need a Cloudflare account", () => {
  const remote = documentPaths().flatMap((path) =>
    blocksOf(readDocument(path)).filter((block) => block.isRemote),
  );
  const commands = [...new Set(remote.flatMap(({ text }) => commandsOf(text)))];

  test("are there", () => expect(commands.length).toBeGreaterThan(8));
  test.each(commands)("%s", async (command) => expect(await findUnknown(command)).toBe(null));
  test.each([
    "npx wrangler d1 creat x",
    "npx wrangler d1 create x --remotely",
    "npx wrangler d1",
    "npm run keyz",
    "npm run keys -- --turn",
  ])("%s is found to be wrong", async (command) => expect(await findUnknown(command)).not.toBe(null));
});
