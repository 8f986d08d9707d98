// npm run reset: removes what the local gate keeps, and says what. The next `npm start` starts from nothing.
import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { DEMO_FOLDER, ROOT, runningGate, SECRETS_FILE, WRANGLER_STATE } from "./local-state.ts";

const LOCAL_PATHS = {
  [WRANGLER_STATE]: "the local database, ledgers and queue",
  [SECRETS_FILE]: "the local signing keys",
  [DEMO_FOLDER]: "the demo's API keys",
};

const gate = runningGate();
if (gate === null) {
  const found = Object.entries(LOCAL_PATHS).filter(([path]) => existsSync(resolve(ROOT, path)));
  for (const [path, what] of found) {
    rmSync(resolve(ROOT, path), { recursive: true, force: true });
    console.log(`Removed ${path} (${what}).`);
  }
  console.log(found.length === 0 ? "There is nothing to remove." : "`npm start` starts from nothing.");
} else {
  console.error(
    `The gate is running at ${gate.url} (process ${gate.pid}). ` +
      "Stop it with Ctrl-C, then repeat: npm run reset",
  );
  process.exitCode = 1;
}
