// The description of the API to two linters, with all rules that they recommend. It ends with 1 where one of
// them finds something.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { served } from "../harness/served-document.ts";

const require = createRequire(import.meta.url);

/** As Redocly writes it with `--format=json`. */
interface RedoclyReport {
  readonly problems: readonly {
    readonly ruleId: string;
    readonly message: string;
    readonly location: readonly { readonly pointer?: string }[];
  }[];
}

interface SpectralResult {
  readonly code: string | number;
  readonly message: string;
  readonly path: readonly (string | number)[];
}

interface Spectral {
  setRuleset(ruleset: object): void;
  run(document: object): Promise<readonly SpectralResult[]>;
}

/** Redocly's command is one package; it would report its use and look for updates. */
function redocly(document: object): string[] {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-description-"));
  const file = join(folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, "node_modules/@redocly/cli/bin/cli.js"),
      "lint",
      file,
      `--config=${join(import.meta.dirname, "redocly.yaml")}`,
      "--format=json",
      "--max-problems=1000",
    ],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    },
  );
  rmSync(folder, { recursive: true });
  if (!stdout.startsWith("{")) throw new Error(`Redocly did not lint: ${stderr}`);
  return (JSON.parse(stdout) as RedoclyReport).problems.map(
    ({ ruleId, message, location }) => `Redocly ${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
  );
}

async function spectral(document: object): Promise<string[]> {
  const { Spectral } = require("@stoplight/spectral-core") as { Spectral: new () => Spectral };
  const { oas } = require("@stoplight/spectral-rulesets") as { oas: object };
  const linter = new Spectral();
  linter.setRuleset({ extends: [oas], rules: {} });
  return (await linter.run(document)).map(
    ({ code, message, path }) => `Spectral ${code}: ${message} ${path.join("/")}`,
  );
}

/** What the linters find in a description. */
export const lint = async (document: object): Promise<string[]> => [
  ...redocly(document),
  ...(await spectral(document)),
];

/** A description in which each linter has to see what it alone looks for. */
const SPOILED = {
  openapi: "3.1.0",
  info: { title: "Spoiled", version: "1", description: "No contact, no refusal.", license: { name: "None" } },
  servers: [{ url: "https://gate.example" }],
  paths: {
    "/thing": {
      get: {
        operationId: "getThing",
        summary: "Get a thing.",
        security: [],
        tags: ["Things"],
        responses: { 204: { description: "Done." } },
      },
    },
  },
};

if (import.meta.main) {
  const seen = (await lint(SPOILED)).join("\n");
  if (!/Redocly operation-4xx-response/.test(seen) || !/Spectral operation-tag-defined/.test(seen))
    throw new Error(`The linters do not see what is wrong: ${seen}`);
  const found = await lint(served);
  for (const one of found) console.error(one);
  console.log(found.length === 0 ? "Redocly and Spectral find nothing." : `${found.length} warnings.`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
