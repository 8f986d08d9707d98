import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { PRESETS } from "../../src/access/model.ts";
import { surface } from "../../src/app.ts";
import { REPORT_NAMES } from "../../src/reports/report.ts";

const readme = readFileSync(resolve(import.meta.dirname, "../../README.md"), "utf8");

/** Every path that the text names, with any placeholder for an id. */
const named = [
  ...new Set(
    Array.from(readme.matchAll(/\/v1\/[A-Za-z0-9_/{}$()'.-]+/g), ([path]) => path.replace(/[.'-]+$/, "")),
  ),
];

/**
 * `/v1/members/{id}/grants`, `/v1/members/$(login …)/effective` and `/v1/members` are all paths, or the
 * beginning of one.
 */
const served = surface.map(({ operation }) => operation.path.split("/"));
const isServed = (path: string): boolean =>
  served.some((parts) =>
    path
      .split("/")
      .every(
        (part, index) =>
          part === parts[index] ||
          (parts[index]?.startsWith(":") &&
            (/^[{$]/.test(part) || REPORT_NAMES.some((name) => name === part))),
      ),
  );

test("every path that README.md names is served", () => {
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !isServed(path))).toEqual([]);
});

test("S3.56 README.md says what an object group is, and how objects and members come into one", () => {
  const [section = ""] = /- \*\*Object groups\*\*[\s\S]*?(?=\n- \*\*|\n## )/.exec(readme) ?? [];
  for (const path of ["/v1/object-groups/{id}/objects", "/v1/members/{id}/object-groups"])
    expect(section).toContain(path);
  expect(section).toMatch(/`all`/);
});

test("S1.42 S3.1 S3.2 README.md names the user book, creation, access, copies and object groups", () => {
  const [section = ""] = /\n## People\n[\s\S]*?(?=\n## )/.exec(readme) ?? [];
  expect(section).toContain("Settings → Team");
  expect(section).toContain("Users reference book");
  for (const heading of [
    "Creation",
    "Access",
    "Copy rights",
    "Object groups",
    "Signing in",
    "Leaving",
    "Hooks",
  ])
    expect(section, heading).toMatch(new RegExp(`- \\*\\*${heading}[.*]`));
});

test("README.md names every kind of account and every role of its smaller models", () => {
  for (const kind of Object.keys(PRESETS)) expect(readme, kind).toContain(`\`${kind}\``);
  for (const { model, roles } of Object.values(PRESETS)) {
    if (model !== "marketplace") for (const role of Object.keys(roles)) expect(readme, role).toContain(role);
  }
});
