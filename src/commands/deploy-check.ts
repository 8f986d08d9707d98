// npm run deploy:check [-- --ready]: everything that can be known of a deployment without making one,
// offline: types, bundle, and that docs/operations/deploy.md and src/env.ts name the same bindings as
// wrangler.toml. With --ready a placeholder is a fault too.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkTypes } from "./project-check.ts";
import { findForbiddenSettings, findPlaceholders } from "./deploy-config.ts";
import { readText } from "./local-state.ts";
import { runWrangler } from "./wrangler.ts";

/** The one secret; wrangler.toml cannot hold it. */
const SECRET_NAMES = ["SIGNING_KEYS"];
/** Its table says what a deployment consists of. */
const DEPLOY_PAGE = "docs/operations/deploy.md";

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { ready: { type: "boolean", default: false } } });
  await checkTypes("tsconfig.json");
  console.log("types        good");
  const report = await dryRun();
  console.log(`bundle       ${/Total Upload: .*/.exec(report)?.[0] ?? "built"}`);

  const config = readText("wrangler.toml") ?? "";
  const names = [...report.matchAll(/^env\.(\w+) /gm)].map(([, name = ""]) => name);
  const faults = [...bindingFaults(names), ...resourceFaults(config), ...findForbiddenSettings(config)];
  console.log(`bindings     ${[...names, ...SECRET_NAMES].join(", ")}`);
  const open = findPlaceholders(config);
  for (const means of open) console.log(`placeholder  ${means}`);

  const all = values.ready ? [...faults, ...open] : faults;
  for (const fault of faults) console.error(`fault        ${fault}`);
  console.log(all.length === 0 ? "deploy:check passed." : `deploy:check failed: ${all.length} to mend.`);
  return all.length === 0 ? 0 : 1;
}

async function dryRun(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-"));
  try {
    return await runWrangler(["deploy", "--dry-run", "--outdir", folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** wrangler.toml, src/env.ts and the page name the same bindings, variables and secrets. */
function bindingFaults(configured: readonly string[]): string[] {
  const declared = [...(readText("src/env.ts") ?? "").matchAll(/^ {2}readonly (\w+):/gm)].map(
    ([, name = ""]) => name,
  );
  const known = [...configured, ...SECRET_NAMES];
  const table = deploymentTable();
  return [
    ...(configured.length === 0 ? ["wrangler named no binding at all"] : []),
    ...known.filter((name) => !declared.includes(name)).map((name) => `src/env.ts lacks ${name}`),
    ...declared
      .filter((name) => !known.includes(name))
      .map((name) => `wrangler.toml lacks ${name}, which src/env.ts declares`),
    ...known
      .filter((name) => !table.includes(`\`${name}\``))
      .map((name) => `${DEPLOY_PAGE} lacks \`${name}\``),
  ];
}

/** The page names the databases, buckets, queues, objects and the cron trigger. */
function resourceFaults(config: string): string[] {
  const names = [
    ...config.matchAll(
      /^(?:database_name|bucket_name|queue|dead_letter_queue|class_name) = "([^"]+)"|^crons = \["([^"]+)"/gm,
    ),
  ];
  const table = deploymentTable();
  return [...new Set(names.map(([, name, cron]) => name ?? cron ?? ""))]
    .filter((name) => !table.includes(`\`${name}\``))
    .map((name) => `${DEPLOY_PAGE} lacks \`${name}\``);
}

const deploymentTable = (): string =>
  /^## What a deployment consists of\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(readText(DEPLOY_PAGE) ?? "")?.[1] ??
  "";

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
