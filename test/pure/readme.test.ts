import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { PRESETS } from "../../src/access/model.ts";
import { servedEndpoints } from "../../src/app.ts";
import { REPORT_NAMES } from "../../src/products/reports/report.ts";
import { blocksOf, readDocument, documentPaths, ROOT } from "../harness/document.ts";

const readme = readDocument("README.md");
const documents = documentPaths().map(readDocument).join("\n");
const section = (path: string, heading: string): string =>
  new RegExp(`\\n## ${heading}\\n[\\s\\S]*?(?=\\n## |$)`).exec(readDocument(path))?.[0] ?? "";

/** Every path that the text names, with a variable or a name in the place of an id. */
const named = [
  ...new Set(
    Array.from(documents.matchAll(/\/v1\/[A-Za-z0-9_/{}$()'.-]+/g), ([path]) => path.replace(/[.'-]+$/, "")),
  ),
];

/** `/v1/members/{id}/grants`, `/v1/members/$MEMBER/effective` and `/v1/members` are paths, or begin one. */
const served = servedEndpoints.map(({ operation }) => operation.path.split("/"));
const fits = (part: string, served: string | undefined): boolean =>
  part === served ||
  (served?.startsWith(":") === true && (/^[{$]/.test(part) || REPORT_NAMES.some((name) => name === part)));
const isServed = (path: string): boolean =>
  served.some((parts) =>
    path
      .replace(/\/$/, "")
      .split("/")
      .every((part, index) => fits(part, parts[index])),
  );

test("every path that the documents name is served", () => {
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !isServed(path))).toEqual([]);
});

test("S3.56 the documents say what an object group is, and how objects and members come into one", () => {
  const groups = section("docs/concepts/access.md", "Object groups");
  for (const path of ["/v1/object-groups/{id}/objects", "/v1/members/{id}/object-groups"]) {
    expect(groups).toContain(path);
  }
  expect(groups).toMatch(/`all`/);
});

test("S1.42 S3.1 S3.2 the documents say where the user book is, and lead to all that belongs to it", () => {
  const members = readDocument("docs/concepts/members.md");
  expect(readme).toContain("docs/concepts/members.md");
  expect(members).toContain("Settings → Team");
  expect(members).toContain("Users reference book");
  const headings = ["Creation", "Access", "Copy rights", "Object groups", "Signing in", "Leaving", "Hooks"];
  for (const heading of headings) expect(members, heading).toContain(`[${heading}](`);
});

describe("the decisions", () => {
  const INDEX = "docs/decisions/README.md";
  const decisions = documentPaths().filter((path) => path.startsWith("docs/decisions/") && path !== INDEX);

  test("are listed in their index, by their numbers", () => {
    const listed = Array.from(
      readDocument(INDEX).matchAll(/\]\((\d{3}-[a-z0-9-]+\.md)\)/g),
      ([, name]) => name,
    );
    expect(listed).toEqual(decisions.map((path) => path.slice("docs/decisions/".length)));
    expect(listed.map((name = "") => Number(name.slice(0, 3)))).toEqual(listed.map((_, index) => index + 1));
  });

  test.each(decisions)(
    "%s has date, status, decision, reason and cost, and names files that are there",
    (path) => {
      const text = readDocument(path);
      expect(text).toMatch(/^# \d{3}\. .+\n\n- Date: \d{4}-\d\d\n- Status: \w/);
      const headings = Array.from(text.matchAll(/^## (\w+)\n\n\S/gm), ([, heading]) => heading);
      expect(headings).toEqual(["Decision", "Why", "Cost"]);
      const files = Array.from(text.matchAll(/`((?:src|test)\/[\w./-]+)`/g), ([, file = ""]) => file);
      expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    },
  );
});

test("README.md names every kind of account and every role of its smaller models", () => {
  for (const kind of Object.keys(PRESETS)) expect(readme, kind).toContain(`\`${kind}\``);
  for (const { model, roles } of Object.values(PRESETS)) {
    if (model !== "marketplace") for (const role of Object.keys(roles)) expect(readme, role).toContain(role);
  }
});

test("the guide of the marketplace names every role of it", () => {
  const guide = readDocument("docs/guide/marketplace.md");
  for (const { model, roles } of Object.values(PRESETS)) {
    if (model === "marketplace")
      for (const role of Object.keys(roles)) expect(guide, role).toContain(`\`${role}\``);
  }
});

describe("every page", () => {
  const texts = [...documentPaths(), "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].filter((path) =>
    existsSync(join(ROOT, path)),
  );

  test.each(texts)("%s has links that lead somewhere", (path) => {
    const links = Array.from(readDocument(path).matchAll(/\]\(([^)\s]+)\)/g), ([, link = ""]) => link);
    expect(links.filter((link) => !/^https?:/.test(link) && !leads(path, link))).toEqual([]);
  });

  test.each(documentPaths())("%s has blocks that can be pasted: no comments", (path) => {
    const local = blocksOf(readDocument(path)).filter(({ isRemote }) => !isRemote);
    expect(local.filter(({ text }) => /^\s*#|\s#\s/m.test(text))).toEqual([]);
  });

  test("the pages about the source name files that are there", () => {
    const text = ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"].map(readDocument).join("\n");
    const files = Array.from(text.matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g), ([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(25);
    expect(files.filter((file) => !file.includes("NAME") && !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

function leads(from: string, link: string): boolean {
  const [file = "", anchor] = link.split("#");
  const target = file === "" ? from : join(dirname(from), file);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(readFileSync(join(ROOT, target), "utf8")).includes(anchor);
}

/** As GitHub makes them: letters, digits, hyphens. */
const anchorsOf = (text: string): string[] =>
  Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
