import { RATE_LIMITS } from "../../src/gate/calls/rate-limit.ts";
import { servedEndpoints } from "../../src/app.ts";
import { listLimit } from "../../src/kernel/http/page.ts";
import { listRepositoryFiles, readRepositoryFile } from "../architecture/repository-file.ts";
import { constantsOf, type LimitConstant } from "./limit-constant.ts";
import { type LimitRow, type LimitUnit, LIMITS, RATE_LIMIT_WORDS } from "./limit-table.ts";
import { bytes, code, duration, formatCount, table } from "./table.ts";

/** Every numeric constant of the Worker, by `path NAME`. */
export const limitConstants = (): Map<string, LimitConstant> =>
  new Map(
    listRepositoryFiles()
      .filter((path) => /^src\/(?!commands\/).*\.ts$/.test(path))
      .flatMap((path) => constantsOf(path.replace("src/", ""), readRepositoryFile(path)))
      .map((one) => [`${one.path} ${one.name}`, one]),
  );

const FORMATS: Readonly<Record<LimitUnit, (value: number) => string>> = {
  count: formatCount,
  bytes,
  ms: duration,
  seconds: (value) => duration(value * 1_000),
};

function limitCells(
  constants: ReadonlyMap<string, LimitConstant>,
  [path, name, unit, what]: LimitRow,
): string[] {
  const found = constants.get(`${path} ${name}`);
  if (found === undefined) throw new Error(`src/${path} has no number ${name}: correct limit-table.ts`);
  return [what, FORMATS[unit](found.value), `${code(name)} in \`src/${path}\``];
}

/** The largest `limit` that a list takes. */
const largestPage = (): number =>
  Array.from({ length: 1_000 }, (_, index) => index + 1).findLast(
    (limit) => listLimit(1).safeParse(String(limit)).success,
  ) ?? 0;

function uploadRows(): string[][] {
  return servedEndpoints.flatMap(({ operation: { method, path, upload } }) =>
    upload === undefined
      ? []
      : [
          [
            `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
            bytes(upload.maxBytes),
            upload.mediaTypes.join(", "),
          ],
        ],
  );
}

export function limitsPage(): string {
  const constants = limitConstants();
  const sections = Object.entries(LIMITS).map(([heading, rows]) => {
    const cells = rows.map((row) => limitCells(constants, row));
    return `## ${heading}\n\n${table(["What", "Limit", "Where it is set"], cells)}\n`;
  });
  const rates = Object.entries(RATE_LIMITS).map(([name, limit]) => [
    RATE_LIMIT_WORDS[name as keyof typeof RATE_LIMITS],
    `${formatCount(limit.quota)} in ${duration(limit.windowMs)}`,
    code(limit.name),
  ]);
  return `# Limits

Numbers that the code sets. \`GET /openapi.json\` has the lengths of fields.
What the gate cannot do is on another page: [limits, honestly](../operations/limits.md).

## Rate limits

Windows follow one another and do not slide. Beyond a limit the answer is 429 with \`Retry-After\`.
\`RateLimit-Policy\` names the limit.

${table(["What is counted", "Limit", "Name"], rates)}

## Lists and uploads

A list has ${largestPage()} rows a page at most (\`limit\`).

${table(["Upload", "Largest body", "Media types"], uploadRows())}

${sections.join("\n")}`;
}
