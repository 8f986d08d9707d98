// node src/commands/setup.mjs [--packages FOLDER] [program.ts ...]: the only program that Node 20 runs, and
// the first of every npm script. It installs what package-lock.json names when that is not there yet, and
// hands over to the Node among it, which runs TypeScript as it stands. --packages: also what the lock of that
// folder names, which only few commands need. Nothing here may need an installed package.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
const PARENT_EVERY_MS = 1_000;
const root = resolve(fileURLToPath(import.meta.url), "../../..");

if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
  stop(
    `Tollgate needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}. Install a newer one from https://nodejs.org and repeat the command.`,
  );
}
const words = process.argv.slice(2);
const folder = words[0] === "--packages" ? words.splice(0, 2)[1] : undefined;
if (!isInstalled(".") || nodeProgram() === undefined) install(".");
if (folder !== undefined && !isInstalled(folder)) install(folder);
const [program, ...args] = words;
if (program !== undefined) run(program, args);

/** Compares content, not times: a checkout sets times as it likes. */
function isInstalled(place) {
  const wanted = packages(`${place}/package-lock.json`);
  const present = packages(`${place}/node_modules/.package-lock.json`);
  if (wanted === null) stop("package-lock.json is missing or unreadable. Restore it from the repository.");
  if (present === null) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    const found = present[path];
    // Packages for other systems are optional, and rightly absent.
    if (path === "" || (found === undefined && optional)) return true;
    return found !== undefined && found.version === version && found.integrity === integrity;
  });
}

function install(place) {
  const started = Date.now();
  const cwd = resolve(root, place);
  console.error("Installing the packages of package-lock.json (once, about a minute) ...");
  // --no-save: npm 10 would otherwise take lines out of package-lock.json that npm 11 has put in.
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  // What a folder's packages expect beside them, such as vitest, is among those of the root.
  if (place !== ".") flags.push("--legacy-peer-deps");
  const npm = process.env.npm_execpath;
  // The Node that runs npm, not the one inside node_modules, which is about to be replaced.
  const node = process.env.npm_node_execpath ?? process.execPath;
  const { status } =
    npm === undefined
      ? spawnSync("npm", flags, {
          cwd,
          stdio: ["ignore", "ignore", "inherit"],
          shell: process.platform === "win32",
        })
      : spawnSync(node, [npm, ...flags], { cwd, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0)
    stop("npm install failed; its message is above. The package registry is the only connection it needs.");
  if (nodeProgram() === undefined) {
    stop(
      "npm left out the install scripts of node, esbuild and workerd. Allow them (ignore-scripts=false), then run: npm rebuild node esbuild workerd",
    );
  }
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

function run(program, args) {
  const env = {
    ...process.env,
    PATH: [resolve(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
  };
  const child = spawn(nodeProgram(), [resolve(root, program), ...args], { cwd: root, env, stdio: "inherit" });
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm, when told to end, ends its shell but not what the shell has started: that only sees its parent
  // change.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, PARENT_EVERY_MS).unref();
}

function nodeProgram() {
  return ["node", "node.exe"]
    .map((name) => resolve(root, "node_modules/node/bin", name))
    .find((path) => existsSync(path));
}

function packages(path) {
  try {
    return JSON.parse(readFileSync(resolve(root, path), "utf8")).packages;
  } catch {
    return null;
  }
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}
