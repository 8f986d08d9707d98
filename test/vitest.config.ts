import { generateKeyPairSync } from "node:crypto";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

// Nothing outside this machine is asked while tests run, and nobody is told about it.
Object.assign(process.env, { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true", CI: "true" });

const root = resolve(import.meta.dirname, "..");

/** A signing key for this run only, in the form of the secret SIGNING_KEYS. */
function signingKeys(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return JSON.stringify([{ ...privateKey.export({ format: "jwk" }), kid: "test-1", alg: "EdDSA", use: "sig" }]);
}

export default defineConfig({
  test: {
    // Tests hold the machine for minutes, so they may have all of it.
    maxWorkers: availableParallelism(),
    projects: [
      {
        root,
        test: { name: "pure", include: ["test/pure/**/*.test.ts"], testTimeout: 30_000 },
      },
      {
        root,
        // Packages name sources that they do not bring along.
        logLevel: "error",
        plugins: [cloudflareTest(async () => ({
          wrangler: { configPath: resolve(root, "wrangler.toml") },
          miniflare: { bindings: { DEV_MAIL: "on", SIGNING_KEYS: signingKeys(), TEST_MIGRATIONS: await readD1Migrations(resolve(root, "migrations")) } },
        }))],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          setupFiles: ["test/worker/migrate.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Each file starts servers of its own; side by side they would only measure each other. They come after all others.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
