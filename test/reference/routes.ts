import { servedEndpoints } from "../../src/app.ts";
import type { Operation } from "../../src/kernel/http/operation.ts";
import { code, table } from "./table.ts";

const RIGHT_WORDS: Readonly<Record<string, string>> = {
  public: "no credential",
  self: "any active member",
  member: "any active member",
};

const row = ({ method, path, right, summary }: Operation): string[] => [
  method,
  code(path.replaceAll(/:(\w+)/g, "{$1}")),
  RIGHT_WORDS[right] ?? code(right),
  summary,
];

/** A table for each tag, in the order in which the gate serves the routes. */
export function routesPage(): string {
  const operations = servedEndpoints.map(({ operation }) => operation);
  const sections = [...Map.groupBy(operations, ({ tag }) => tag)].map(
    ([tag, group]) => `## ${tag}\n\n${table(["Method", "Path", "Right", "What it does"], group.map(row))}\n`,
  );
  return `# Routes

The ${operations.length} routes of the API. \`GET /openapi.json\` has their bodies, parameters and answers.
A caller needs the right that is named. Where the right reaches only some objects, the others are 404.

${sections.join("\n")}`;
}
