import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { now } from "../kernel/clock.ts";
import { startWrangler } from "./wrangler.ts";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

/** A local gate: `wrangler dev` with the state of this checkout. */
export interface LocalGate {
  readonly url: string;
  /** From now on each call is shown. */
  showCalls(): void;
  /** Fires the cron trigger by hand, because none fires locally. */
  sweep(): Promise<void>;
  /** Settles when the gate has ended for any reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error with what wrangler said when the gate does not come up */
export async function openGate(port: number): Promise<LocalGate> {
  const url = `http://127.0.0.1:${port}`;
  // The issuer of access tokens is the gate's own address, so another port changes it.
  const child = startWrangler([
    "dev",
    "--ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--inspector-port",
    "0",
    "--log-level",
    "info",
    "--var",
    `ISSUER:${url}`,
    "--var",
    `APP_URL:${url}`,
    "--var",
    "DEV_MAIL:on",
  ]);
  const ended = once(child, "close").then(() => undefined);
  const output = followOutput(child);
  const stop = () => endProcess(child, ended);
  try {
    await waitUntilReady(url, child);
    output.detail = "log";
  } catch (error) {
    await stop();
    throw new Error(`The gate did not come up: ${(error as Error).message}\n${output.firstLines.join("\n")}`);
  }
  return {
    url,
    ended,
    stop,
    showCalls: () => {
      output.detail = "calls";
    },
    sweep: async () => {
      const answer = await fetch(`${url}/cdn-cgi/handler/scheduled`);
      if (!answer.ok) throw new Error(`The sweep failed with ${answer.status}: ${await answer.text()}`);
    },
  };
}

/** @throws Error when something listens there already */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  const listening = Promise.race([
    once(server, "listening"),
    once(server, "error").then(([error]) => {
      throw error;
    }),
  ]);
  server.listen(port, "127.0.0.1");
  try {
    await listening;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new Error(
      `Something else listens on 127.0.0.1:${port}. Stop it, or choose another port: ` +
        `npm start -- --port ${port + 1}`,
    );
  }
  server.close();
  await once(server, "close");
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = now() + READY_TIMEOUT_MS;
  while (now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("wrangler ended.");
    const answer = await fetch(`${url}/.well-known/jwks.json`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => null,
    );
    if (answer?.status === 200) return;
    if (answer !== null && answer.status >= 500)
      throw new Error(`it answers ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
    await sleep(100);
  }
  throw new Error(`no answer within ${READY_TIMEOUT_MS / 1000} seconds.`);
}

interface GateOutput {
  /** The first lines, for the case that the gate does not come up. */
  readonly firstLines: string[];
  /** What the Worker logs, or each call too. */
  detail: "nothing" | "log" | "calls";
}

function followOutput(child: ChildProcess): GateOutput {
  const output: GateOutput = { firstLines: [], detail: "nothing" };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (coloured) => {
      const line = stripVTControlCharacters(coloured);
      if (output.firstLines.length < 100) output.firstLines.push(line);
      const shown = formatLine(line, output.detail);
      if (shown !== null) console.log(shown);
    });
  }
  return output;
}

/** wrangler names each call in a line of its own form; all other lines are the Worker's. */
function formatLine(line: string, shows: GateOutput["detail"]): string | null {
  const call = /^\[wrangler:info\] (\w+) (\S+) (\d{3}) .*\((\d+)ms\)$/.exec(line);
  if (call === null)
    return shows === "nothing" || line === "" || line.startsWith("[wrangler:info]") ? null : line;
  const [, method = "", path = "", status, ms] = call;
  return shows === "calls" && !path.startsWith("/cdn-cgi/")
    ? `${status}  ${method.padEnd(6)} ${path}  ${ms} ms`
    : null;
}

/** SIGTERM lets wrangler end workerd; if it hangs, the whole group is ended, so nothing is left behind. */
async function endProcess(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const inTime = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  if (inTime || child.pid === undefined) return;
  if (process.platform === "win32") child.kill("SIGKILL");
  else process.kill(-child.pid, "SIGKILL");
  await ended;
}
