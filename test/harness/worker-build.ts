import { join, resolve } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import { newSigningKey } from "../../src/commands/signing-key.ts";
import { QUIET_ENV, runWrangler } from "../../src/commands/wrangler.ts";
import { prepared } from "./prepared.ts";

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

/** The path of the Worker as it would be deployed, built once a run. */
export async function buildWorker(): Promise<string> {
  const folder = await prepared("worker", (to) => runWrangler(["deploy", "--dry-run", "--outdir", to]));
  return join(folder, "index.js");
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
