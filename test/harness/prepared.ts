import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The processes of a run find its folder by this variable. */
const VARIABLE = "TOLLGATE_TEST_RUN";

/**
 * A folder that a run of the tests makes once, and that its files share. They read it or copy it; none writes
 * into it.
 */
export async function prepared(name: string, make: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(runFolder(), name);
  while (!existsSync(folder)) {
    if (!take(`${folder}.lock`)) await sleep(50);
    else if (!existsSync(folder)) await fill(folder, make);
    else rmdirSync(`${folder}.lock`);
  }
  return folder;
}

/** Appears under its name when it is whole. */
async function fill(folder: string, make: (folder: string) => Promise<unknown>): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  mkdirSync(unfinished);
  try {
    await make(unfinished);
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    rmdirSync(`${folder}.lock`);
  }
}

/** Only one process can make a folder. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function runFolder(): string {
  const known = process.env[VARIABLE];
  if (known !== undefined) return known;
  const made = mkdtempSync(join(tmpdir(), "tollgate-run-"));
  process.env[VARIABLE] = made;
  process.on("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Vitest calls this before the first file of a project, in the process that starts all others. */
export default function setup(): void {
  // Most of a short command is the compiling of its modules.
  process.env["NODE_COMPILE_CACHE"] ??= join(runFolder(), "compiled");
}
