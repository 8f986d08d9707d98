import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** Never part of the repository; needed only where there is no git to ask. */
const IGNORED = /(^|\/)(node_modules|\.git|\.wrangler|\.tollgate|dist|coverage)(\/|$)|\.dev\.vars$|\.log$/;

/** Every file of the repository, tracked or about to be. */
export function listRepositoryFiles(): string[] {
  try {
    return execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: "pipe",
    })
      .split("\n")
      .filter(exists);
  } catch {
    return readdirSync(ROOT, { recursive: true, encoding: "utf8" })
      .map((path) => path.replaceAll("\\", "/"))
      .filter((path) => !IGNORED.test(path) && exists(path));
  }
}

export const readRepositoryFile = (path: string): string => readFileSync(join(ROOT, path), "utf8");

function exists(path: string): boolean {
  try {
    return path !== "" && readFileSync(join(ROOT, path)) !== undefined;
  } catch {
    return false;
  }
}
