// npm start [-- --port 8787]: a gate on this machine, with keys, database and demo accounts, in one command.
// It keeps what is there already, so a second start goes on where the first ended; `npm run reset` removes
// it.
import { parseArgs } from "node:util";
import { now } from "../kernel/clock.ts";
import { loadDemo } from "./demo.ts";
import { type LocalGate, requireFreePort, openGate } from "./local-gate.ts";
import {
  type Demo,
  type Login,
  DEMO_FOLDER,
  recordGate,
  readDemo,
  runningGate,
  SECRETS_FILE,
  WRANGLER_STATE,
  writeDemo,
  writePrivate,
} from "./local-state.ts";
import { createPlatform, findPlatform } from "./platform.ts";
import { localKeySet, newSigningKey, parseKeySet, secretsFileText } from "./signing-key.ts";
import { runWrangler } from "./wrangler.ts";

const SWEEP_EVERY_MS = 60_000;
const PARENT_EVERY_MS = 1_000;

async function main(): Promise<void> {
  const port = portOption();
  const running = runningGate();
  if (running !== null)
    throw new Error(`The gate of this checkout runs already at ${running.url} (process ${running.pid}).`);
  await requireFreePort(port);

  console.log("Tollgate");
  prepareKeys();
  await runWrangler(["d1", "migrations", "apply", "tollgate", "--local"]);
  say("database", `up to date (${WRANGLER_STATE})`);
  const demo = await preparePlatform();

  const gate = await openGate(port);
  const stop = stopOnSignals(gate);
  recordGate(gate.url);
  await serve(gate, demo).catch((error: Error) => {
    console.error(error.message);
    return stop(1);
  });
}

async function serve(gate: LocalGate, demo: Demo): Promise<void> {
  // A crash may have left work in an outbox; the cron trigger that finishes it does not fire locally.
  await gate.sweep();
  const logins = demo.logins ?? (await prepareDemo(gate, demo));
  say("gate", gate.url);
  console.log(summaryText(gate.url, demo.platform, logins));
  gate.showCalls();
  setInterval(
    () => gate.sweep().catch((error: Error) => console.error(error.message)),
    SWEEP_EVERY_MS,
  ).unref();
}

const say = (what: string, text: string) => console.log(`  ${what.padEnd(14)}${text}`);

function portOption(): number {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8787" } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error("The port is a number from 1 to 65535: npm start -- --port 8787");
  return port;
}

function prepareKeys(): void {
  const existing = localKeySet();
  if (existing === null) writePrivate(SECRETS_FILE, secretsFileText([newSigningKey()]));
  else parseKeySet(existing);
  say("signing keys", `${existing === null ? "made" : "kept"} (${SECRETS_FILE})`);
}

/** The database and the remembered key belong together; one without the other is of no use. */
async function preparePlatform(): Promise<Demo> {
  const accountId = await findPlatform("--local");
  const known = readDemo();
  if (accountId !== null && known?.platform.accountId !== accountId) {
    throw new Error(
      `The local database has a platform account whose key is not in ${DEMO_FOLDER}/demo.json, ` +
        "and a key is shown only once. Remove the database: npm run reset",
    );
  }
  if (accountId !== null && known !== null) {
    say("platform", "kept");
    return known;
  }
  const platform = await createPlatform("--local", {
    email: "platform@example.com",
    name: "Platform",
    firstName: "Pat",
    lastName: "Platform",
    now: now(),
  });
  const demo: Demo = { platform: { who: "Platform owner", ...platform, address: null } };
  writeDemo(demo);
  say("platform", "account made");
  return demo;
}

/** Remembered only when it is complete: a start that was cut short makes new accounts. */
async function prepareDemo(gate: LocalGate, demo: Demo): Promise<readonly Login[]> {
  const caller = { url: gate.url, credential: demo.platform.apiKey, address: null };
  const logins = await loadDemo({ platform: caller, now: now(), say: (line) => say("demo", line) });
  writeDemo({ ...demo, logins });
  return logins;
}

/** Ctrl-C, a closed terminal and the end of npm all stop the gate; nothing is left running. */
function stopOnSignals(gate: LocalGate): (code: number) => Promise<void> {
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    if (code === 0) console.log("\nStopping.");
    await gate.stop();
    recordGate(null);
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  // A process whose parent was killed gets another parent.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop(0);
  }, PARENT_EVERY_MS).unref();
  void gate.ended.then(() => {
    if (!stopping) console.error("The gate ended by itself; what it said is above.");
    return stop(1);
  });
  return stop;
}

function summaryText(url: string, platform: Login, logins: readonly Login[]): string {
  const login = (who: string) => logins.find((one) => one.who === who);
  const [operator, member] = [login("Acme operator"), login("Studio member")];
  const rows = [platform, ...logins].map(
    ({ who, apiKey, email, address }) =>
      `  ${who.padEnd(18)}${apiKey ?? `signs in by mail: ${email}`}` +
      (address === null ? "" : `  (from ${address})`),
  );
  return [
    "",
    "API keys of the demo (kept in .tollgate/demo.json):",
    ...rows,
    "",
    "Three calls to try:",
    "",
    "  # The operator sees products from an allowed address, " +
      "and is refused from any other (leave the second header out).",
    `  curl -s ${url}/v1/products -H 'Authorization: Bearer ${operator?.apiKey}' ` +
      `-H 'CF-Connecting-IP: ${operator?.address}'`,
    "",
    "  # The member spends 20 of 50 credits; the same call again is charged once and gives the same answer.",
    `  curl -s -X POST ${url}/v1/credits/spend -H 'Authorization: Bearer ${member?.apiKey}' \\`,
    "    -H 'Content-Type: application/json' -H 'Idempotency-Key: try-1' -d '{\"amount\": 20}'",
    "",
    "  # The vendor's owner reads the trail.",
    `  curl -s ${url}/v1/audit -H 'Authorization: Bearer ${logins[0]?.apiKey}'`,
    "",
    `Mails that the gate sends: ${url}/dev/mail`,
    "",
    "In another terminal: npm run tour. Ctrl-C stops the gate; the data stays (npm run reset removes it). " +
      "Calls from now on:",
    "",
  ].join("\n");
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
