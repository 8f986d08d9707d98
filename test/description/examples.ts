// npm run examples: records the examples of the description. The contract test calls every operation. What it
// sent and what it was answered are made steady and written to src/kernel/http/openapi-examples.json.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { steady } from "../harness/example.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "tollgate-examples-"));
const recording = join(folder, "recording.json");
const CONTRACT = ["test/worker/contract/contract.test.ts", "-t", "every operation answers"];
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts", ...CONTRACT],
  { cwd: root, stdio: "inherit", env: { ...process.env, EXAMPLES: recording } },
);
if (status === 0) {
  const { bodies, recordedAt } = JSON.parse(readFileSync(recording, "utf8")) as {
    readonly bodies: Record<string, unknown>;
    readonly recordedAt: number;
  };
  const examples = `${JSON.stringify(steady(bodies, recordedAt), null, 2)}\n`;
  writeFileSync(resolve(root, "src/kernel/http/openapi-examples.json"), examples);
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
