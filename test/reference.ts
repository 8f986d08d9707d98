import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./architecture/repository-file.ts";
import { configurationPage } from "./reference/configuration.ts";
import { limitsPage } from "./reference/limits.ts";
import { problemsPage } from "./reference/problems.ts";
import { rolesPage } from "./reference/roles.ts";
import { routesPage } from "./reference/routes.ts";

export const REFERENCE_COMMAND = "npm run reference";

const NOTICE = `This page is generated: \`${REFERENCE_COMMAND}\` writes it. Do not edit it.`;

const pages: Readonly<Record<string, () => string>> = {
  configuration: configurationPage,
  limits: limitsPage,
  problems: problemsPage,
  roles: rolesPage,
  routes: routesPage,
};

/** A generated page: where it lies, and its text as the code says it now. */
export interface ReferencePage {
  readonly path: string;
  readonly text: string;
}

/** Each page begins with its title and the notice. */
export const referencePages = (): ReferencePage[] =>
  Object.entries(pages).map(([name, write]) => ({
    path: `docs/reference/${name}.md`,
    text: `${write().replace("\n", `\n\n${NOTICE}\n`).trimEnd()}\n`,
  }));

const readOrNull = (path: string): string | null => {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch {
    return null;
  }
};

/** Paths of the pages that are not what the code says. */
export const stalePages = (expected: readonly ReferencePage[], read = readOrNull): string[] =>
  expected.filter(({ path, text }) => read(path) !== text).map(({ path }) => path);

if (process.argv[1] === import.meta.filename) {
  const written = referencePages();
  const stale = stalePages(written);
  for (const { path, text } of written) {
    if (stale.includes(path)) writeFileSync(join(ROOT, path), text);
    console.log(`${stale.includes(path) ? "written  " : "unchanged"} ${path}`);
  }
}
