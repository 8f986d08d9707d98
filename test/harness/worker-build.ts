import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import { newSigningKey } from "../../src/commands/signing-key.ts";
import { QUIET_ENV, runWrangler } from "../../src/commands/wrangler.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

Object.assign(process.env, QUIET_ENV, { WRANGLER_LOG: "error" });

/** wrangler.toml as a value: the parts that a test changes. */
export interface WorkerConfig {
  readonly name: string;
  readonly main: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly d1_databases: readonly object[];
  readonly queues: { readonly producers: readonly object[]; readonly consumers?: readonly object[] };
  readonly durable_objects: { readonly bindings: readonly object[] };
  readonly migrations?: readonly object[];
  readonly triggers?: object;
  readonly no_bundle?: boolean;
}

export interface BuiltWorker {
  readonly main: string;
  remove(): void;
}

/** The Worker as it would be deployed, in a folder of its own. */
export async function buildWorker(): Promise<BuiltWorker> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-built-"));
  await runWrangler(["deploy", "--dry-run", "--outdir", folder]);
  return { main: join(folder, "index.js"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A key set of this run, in the form of the secret. */
export const signingKeys = (): string => JSON.stringify([newSigningKey()]);

/** wrangler.toml, for a Worker that is built already. */
export function workerConfig(main: string, vars: Record<string, string>): WorkerConfig {
  const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") }) as {
    rawConfig: WorkerConfig;
  };
  return {
    ...rawConfig,
    main,
    no_bundle: true,
    vars: { ...rawConfig.vars, ...vars },
    d1_databases: rawConfig.d1_databases.map((one) => ({ ...one, migrations_dir: join(ROOT, "migrations") })),
  };
}
