import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** Everything that a local gate keeps; git ignores each, and `npm run reset` removes each. */
export const WRANGLER_STATE = ".wrangler/state";
export const SECRETS_FILE = ".dev.vars";
export const DEMO_FOLDER = ".tollgate";

const DEMO_FILE = `${DEMO_FOLDER}/demo.json`;
const GATE_FILE = `${DEMO_FOLDER}/gate.json`;

/** Who can sign in to the local demo. Secrets are shown once by the gate, so this file is where they stay. */
export interface Demo {
  readonly platform: Login & { readonly apiKey: string };
  /** Absent until the demo has been loaded to its end. */
  readonly logins?: readonly Login[];
}

export interface Login {
  readonly who: string;
  readonly accountId: string;
  readonly memberId: string;
  /** Null for a viewer, who signs in by mail. */
  readonly apiKey: string | null;
  /** Of the card. */
  readonly email?: string;
  /** An address that the member's rules allow; null is any. */
  readonly address: string | null;
}

export const readDemo = (): Demo | null => readJson<Demo>(DEMO_FILE);
export const writeDemo = (demo: Demo): void => writePrivate(DEMO_FILE, `${JSON.stringify(demo, null, 2)}\n`);

/** The gate that runs now, or null. A file that a killed gate left behind does not count. */
export function runningGate(): { readonly pid: number; readonly url: string } | null {
  const gate = readJson<{ pid: number; url: string }>(GATE_FILE);
  return gate !== null && isAlive(gate.pid) ? gate : null;
}

export const recordGate = (url: string | null): void =>
  writePrivate(GATE_FILE, JSON.stringify(url === null ? null : { pid: process.pid, url }));

/** Only this user may read it, and it is whole or not there. */
export function writePrivate(path: string, text: string): void {
  const absolutePath = resolve(ROOT, path);
  mkdirSync(dirname(absolutePath), { recursive: true, mode: 0o700 });
  writeFileSync(`${absolutePath}.new`, text, { mode: 0o600 });
  renameSync(`${absolutePath}.new`, absolutePath);
}

export const readText = (path: string): string | null =>
  existsSync(resolve(ROOT, path)) ? readFileSync(resolve(ROOT, path), "utf8") : null;

function readJson<T>(path: string): T | null {
  try {
    return JSON.parse(readText(path) ?? "null") as T | null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
