import { generateKeyPairSync } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

// While tests run, nothing calls a host outside this machine, and no statistics are sent.
Object.assign(process.env, {
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  CI: "true",
});

const root = resolve(import.meta.dirname, "..");

/** A signing key for this run only, in the form of the secret SIGNING_KEYS. */
function signingKeys(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return JSON.stringify([
    { ...privateKey.export({ format: "jwk" }), kid: "test-1", alg: "EdDSA", use: "sig" },
  ]);
}

/** Keeps what the contract test recorded, for test/description/examples.ts. */
async function saveExamples(request: { text(): Promise<string> }): Promise<Response> {
  writeFileSync(process.env["EXAMPLES"] ?? "", await request.text());
  return new Response();
}

const WORKER_TESTS = "test/worker/**/*.test.ts";

/**
 * Tests that share their runtime with no others: those that move the clock, because ids and caches go on from
 * the latest moment that they have seen, and those that wait for the queue, which still has messages of the
 * files before.
 */
const ALONE = globSync(WORKER_TESTS, { cwd: root }).filter((file) =>
  /useFakeTimers|\.poll\(/.test(readFileSync(resolve(root, file), "utf8")),
);

/**
 * Tests inside the Workers runtime. Without `isolate` files share one, which starts once;
 * test/worker/migrate.ts empties it.
 */
const worker = (
  name: string,
  files: { readonly isolate: boolean; readonly include?: string[]; readonly exclude?: string[] },
) => ({
  root,
  // Packages name sources that they do not bring along.
  logLevel: "error" as const,
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: resolve(root, "wrangler.toml") },
      miniflare: {
        bindings: {
          DEV_MAIL: "on",
          SOAK: process.env["SOAK"] ?? "",
          SIGNING_KEYS: signingKeys(),
          TEST_MIGRATIONS: await readD1Migrations(resolve(root, "migrations")),
        },
        ...(process.env["EXAMPLES"] ? { serviceBindings: { EXAMPLES: saveExamples } } : {}),
      },
    })),
  ],
  test: {
    name,
    include: [WORKER_TESTS],
    setupFiles: ["test/worker/migrate.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...files,
  },
});

export default defineConfig({
  test: {
    // Tests hold the machine for minutes, so they may have all of it.
    maxWorkers: availableParallelism(),
    projects: [
      {
        root,
        // Functions of values, so files can share a process, which starts once.
        test: { name: "pure", isolate: false, include: ["test/pure/**/*.test.ts"], testTimeout: 30_000 },
      },
      worker("worker", { isolate: false, exclude: ALONE }),
      worker("worker, alone", { isolate: true, include: ALONE }),
      {
        root,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/harness/prepared.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Each file starts servers of its own. In one run with the others, they come after them.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
