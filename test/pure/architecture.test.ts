import { is } from "drizzle-orm";
import { SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import { fileFaults, textFaults } from "../architecture/file-rule.ts";
import { listRepositoryFiles, readRepositoryFile, ROOT } from "../architecture/repository-file.ts";
import { permitFaults } from "../architecture/permit-rule.ts";
import { findCycles, importFaults } from "../architecture/rooms.ts";
import { type Fault, parseSource } from "../architecture/parsed-source.ts";
import { tablesOfSchema, tablesOfMigrations, tableFaults } from "../architecture/table.ts";
import { documentFaults, wordFaults } from "../architecture/plain-word.ts";

const paths = listRepositoryFiles();
const sources = paths
  .filter((path) => /^(src|test)\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"))
  .map((path) => parseSource(path, readRepositoryFile(path)));
const worker = sources.filter(({ path }) => path.startsWith("src/"));
const say = (faults: readonly Fault[]) =>
  faults.map((one) => `${one.path}:${one.line} ${one.rule}: ${one.advice}`);

describe("the sources", () => {
  test("import downwards, and packages in their place only", () =>
    expect(say(worker.flatMap(importFaults))).toEqual([]));
  test("K2 K3 write access with a permit only, which one function decides", () =>
    expect(say(worker.flatMap(permitFaults))).toEqual([]));
  test("have no cycles", () => expect(say(findCycles(sources))).toEqual([]));
  test("are short, well named and free of banned calls", () =>
    expect(say(sources.flatMap(fileFaults))).toEqual([]));
  test("name no machine path, no registry host, nothing unfinished, in any file", () => {
    const others = paths.filter((path) => !/\.(ts|png|ico)$/.test(path));
    expect(say(others.flatMap((path) => textFaults(path, readRepositoryFile(path))))).toEqual([]);
  });
  test("say in plain words what they say, as the documents do", () => {
    const documents = paths.filter((path) => path.endsWith(".md"));
    const faults = documents.flatMap((path) => documentFaults(path, readRepositoryFile(path)));
    expect(say([...sources.flatMap(wordFaults), ...faults])).toEqual([]);
  });
  test("are found at all", () => expect(worker.length).toBeGreaterThan(20));
});

async function schemaTables(): Promise<SQLiteTable[]> {
  const modules = await Promise.all(
    paths
      .filter((path) => path.startsWith("src/kernel/schema/"))
      .map((path) => import(`${ROOT}/${path}`) as Promise<object>),
  );
  return modules.flatMap((module) =>
    Object.values(module).filter((value): value is SQLiteTable => is(value, SQLiteTable)),
  );
}

describe("the schema", () => {
  const migrations = paths
    .filter((path) => /^migrations\/.*\.sql$/.test(path))
    .sort()
    .map(readRepositoryFile);
  test("is what the migrations make: columns, types, nullability, keys", async () => {
    expect(tableFaults(tablesOfSchema(await schemaTables()), tablesOfMigrations(migrations))).toEqual([]);
  });
  test.each([
    ["a column more", "ALTER TABLE user ADD COLUMN nickname TEXT", "user.nickname: in the migrations only"],
    ["a column less", "ALTER TABLE user DROP COLUMN locale", "user.locale: in the schema only"],
    ["a table more", "CREATE TABLE extra (id TEXT)", "extra: in the migrations only"],
    [
      "another nullability",
      "ALTER TABLE user DROP COLUMN locale; ALTER TABLE user ADD COLUMN locale TEXT",
      "user.locale: schema says text not null, migrations say text",
    ],
  ])("differs after %s", async (_, sql, fault) => {
    expect(
      tableFaults(tablesOfSchema(await schemaTables()), tablesOfMigrations([...migrations, sql])),
    ).toEqual([fault]);
  });
});

/** Each rule has to be able to fail: a synthetic breach, and the rule that must report it. */
const BREACHES: ReadonlyArray<readonly [path: string, text: string, rule: string]> = [
  ["src/kernel/x.ts", `import type { Right } from "../access/right.ts";`, "room"],
  ["src/access/x.ts", `import { sealed } from "../audit/chain/event.ts";`, "room"],
  ["src/credits/x.ts", `import { card } from "../people/members/member.card.ts";`, "room"],
  ["src/people/members/x.routes.ts", `import { app } from "../../app.ts";`, "room"],
  ["src/people/members/x.ts", `import { start } from "../../commands/start.ts";`, "room"],
  ["src/commands/x.ts", `import { find } from "../people/members/member.store.ts";`, "room"],
  ["src/people/shed/x.ts", `import { now } from "../../kernel/clock.ts";`, "room"],
  ["src/kernel/schema/x.ts", `import { fold } from "../text/fold.ts";`, "room"],
  ["src/access/presets/x.ts", `import { gate } from "../../gate/pipeline/gate.ts";`, "room"],
  ["src/shed/x.ts", `import { now } from "../kernel/clock.ts";`, "room"],
  ["src/people/members/x.ts", `import { y } from "../../y.ts";`, "room"],
  ["src/people/members/x.ts", `import { find } from "./member.store.ts";`, "layer"],
  ["src/people/members/x.ts", `import type { Row } from "./member.store.ts";`, "layer"],
  ["src/people/members/x.ts", `import { find } from "../../access/stamp.store.ts";`, "layer"],
  ["src/people/members/x.ts", `import { member } from "../../kernel/schema/team.ts";`, "layer"],
  ["src/people/members/x.ts", `import { batch } from "../../kernel/db.ts";`, "layer"],
  ["src/people/members/x.ts", `import { now } from "../../kernel/clock.ts";`, "layer"],
  ["src/people/members/x.ts", `import { newId } from "../../kernel/id.ts";`, "layer"],
  ["src/people/members/x.store.ts", `import { members } from "./member.routes.ts";`, "layer"],
  ["src/credits/x.object.ts", `import { find } from "./lot.store.ts";`, "layer"],
  ["src/people/members/x.ts", `import { eq } from "drizzle-orm";`, "package"],
  ["src/people/members/x.store.ts", `import { Hono } from "hono";`, "package"],
  ["src/people/members/x.ts", `import { SignJWT } from "jose";`, "package"],
  ["src/people/members/x.routes.ts", `import { env } from "cloudflare:workers";`, "package"],
  ["src/people/members/x.ts", `import { readFileSync } from "node:fs";`, "package"],
  ["src/people/members/x.ts", `import left from "left-pad";`, "package"],
  ["src/people/members/index.ts", "export const x = 1;", "barrel"],
  ["src/people/members/x.ts", `export { y } from "./y.ts";`, "barrel"],
  ["src/people/members/x.ts", `export * from "./y.ts";`, "barrel"],
  ["src/people/members/utils.ts", "", "name"],
  ["src/people/members/member-helper.ts", "", "name"],
  ["src/service/x.ts", "", "name"],
  ["src/people/members/x.ts", "\n".repeat(251), "file length"],
  ["test/pure/x.test.ts", "\n".repeat(551), "file length"],
  ["src/people/members/x.ts", `export function f() {${"\n".repeat(50)}}`, "function length"],
  ["src/people/members/x.ts", `class C { m() {${"\n".repeat(50)}} }`, "function length"],
  ["src/people/members/x.ts", `// ${"long ".repeat(30)}`, "line length"],
  ["src/people/members/x.ts", "const at = Date.now();", "banned"],
  ["src/people/members/x.ts", "const at = new Date();", "banned"],
  ["src/people/members/x.ts", "const n = Math.random();", "banned"],
  ["src/people/members/x.ts", "const f = Math.random;", "banned"],
  ["src/people/members/x.ts", "const id = crypto.randomUUID();", "banned"],
  ["src/people/members/x.ts", "console.log(1);", "banned"],
  ["src/people/members/x.ts", "const answer = await fetch(url);", "banned"],
  ["src/people/members/x.store.ts", "await db.transaction(async () => {});", "banned"],
  ["src/people/members/x.ts", "const hit = await caches.default.match(request);", "banned"],
  ["src/people/members/x.ts", "const x = y as any;", "banned"],
  ["src/people/members/x.ts", `const ip = request.headers.get("X-Forwarded-For");`, "banned"],
  ["test/pure/x.test.ts", "describe.skip('x', () => {});", "banned"],
  ["test/pure/x.test.ts", "it.only('x', () => {});", "banned"],
  ["test/pure/x.test.ts", "test.only('x', () => {});", "banned"],
  [
    "src/people/members/x.store.ts",
    "export const add = (db: Db, row: Row) => db.insert(accessGrant).values(row);",
    "permit",
  ],
  [
    "src/people/members/x.store.ts",
    "const add = (db) => db.run(sql`INSERT INTO access_grant`);\nexport const put = (db) => [add(db)];",
    "permit",
  ],
  [
    "src/people/members/x.store.ts",
    "export const set = (db, rights) => db.update(member).set({ rights });",
    "permit",
  ],
  [
    "src/people/members/x.store.ts",
    "export const set = (db, rights) =>\n  db\n    .update(member)\n    .set({ rights });",
    "permit",
  ],
  ["src/channels/webhooks/x.change.ts", "const permit = new Permit([row.id]);", "permit"],
  ["src/channels/webhooks/x.change.ts", "const permit = decidePermit(principal, change);", "permit"],
  ["src/people/members/x.ts", `// ${"TO" + "DO"}: later`, "unfinished"],
  ["src/people/members/x.ts", `// @${"ts-ignore"}`, "silenced"],
  ["src/people/members/x.ts", `const place = "${"/wo" + "rk/main"}";`, "machine path"],
  ["src/people/members/x.ts", `// ${"https://regis" + "try.example.org/"}`, "registry host"],
];

describe("the rules can fail", () => {
  test.each(BREACHES)("%s with %j breaks %s", (path, text, rule) => {
    const one = parseSource(path, text);
    expect(
      [...importFaults(one), ...fileFaults(one), ...permitFaults(one)].map((fault) => fault.rule),
    ).toContain(rule);
  });
  test("a cycle of three is named", () => {
    const ring = [
      ["a", "b"],
      ["b", "c"],
      ["c", "a"],
    ].map(([from, to]) => parseSource(`src/mail/${from}.ts`, `import { x } from "./${to}.ts";`));
    expect(say(findCycles(ring))).toEqual([
      "src/mail/a.ts:1 cycle: src/mail/a.ts -> src/mail/b.ts -> src/mail/c.ts -> src/mail/a.ts",
    ]);
  });
  test("a calm file breaks none", () => {
    const calm = parseSource(
      "src/people/members/x.routes.ts",
      `import { Hono } from "hono";\nimport { find } from "./member.store.ts";\nexport const y = find;\n`,
    );
    expect(say([...importFaults(calm), ...fileFaults(calm)])).toEqual([]);
  });
});

describe("K7 accounts below are reached on one path", () => {
  /**
   * Statements that find accounts by what stands above them. A new one is named here, and its callers ask
   * `below.change.ts`.
   */
  const LOOKS_BELOW = [
    "src/access/stamp.store.ts",
    "src/accounts/account.store.ts",
    "src/gate/calls/below.store.ts",
    "src/people/directory/member-list.store.ts",
    "src/people/rights/grant.store.ts",
    "src/products/reports/report.store.ts",
    "src/resources/organization.store.ts",
  ];
  /** What these statements are called, with those that find any account by its id. */
  const FINDS =
    /\b(?:find(?:Below|Organization|Accounts?|AccountsBelow|Expiring|Created)|list(?:Organizations|Family))\(/;
  /** Why a caller does not ask the rules of the account. */
  const EXEMPT: Readonly<Record<string, string>> = {
    "src/accounts/account-creation.routes.ts": "the platform",
    "src/accounts/tenant.load.ts": "the platform",
    "src/accounts/account.routes.ts": "the platform, or the account itself",
    "src/people/members/me.routes.ts": "the account that the gate asked",
    "src/accounts/restored-state.routes.ts": "the platform",
    "src/accounts/ownership.routes.ts": "the platform, or the account itself",
    "src/products/billing/tier-choice.change.ts": "the account itself",
    "src/credits/credit-grant.routes.ts": "the platform",
    "src/channels/webhooks/hook.change.ts": "the platform",
    "src/channels/webhooks/platform-action.change.ts": "the platform",
    "src/resources/object-reference.load.ts": "names an account and reads nothing of it",
    "src/people/rights/grant.load.ts": "names an account and reads nothing of it",
  };
  const callers = worker
    .filter(({ path }) => !path.endsWith(".store.ts"))
    .map(({ path }) => ({ path, text: readRepositoryFile(path) }))
    .filter(({ text }) => FINDS.test(text));

  test("K7 every statement that looks below is known", () => {
    const stores = worker
      .map(({ path }) => path)
      .filter(
        (path) =>
          /\(\s*account\.parentId,|\b(?:near|above|below)\.parent_id\b/.test(readRepositoryFile(path)) &&
          path.endsWith(".store.ts"),
      );
    expect(stores.filter((path) => !["src/gate/credentials/claim.store.ts"].includes(path)).sort()).toEqual(
      LOOKS_BELOW,
    );
  });
  test("K7 the caller of one asks the rules of the account, or is exempt for a reason", () => {
    expect(callers.length).toBeGreaterThan(8);
    const silent = callers
      .filter(({ text }) => !text.includes("calls/below.load.ts"))
      .map(({ path }) => path);
    expect(silent.sort()).toEqual(Object.keys(EXEMPT).sort());
  });
});
