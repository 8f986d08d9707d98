import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { foldForSearch } from "../../../src/kernel/text/search-fold.ts";
import { canonicalSerial } from "../../../src/kernel/text/look-alike.ts";

const FOLDER = resolve(import.meta.dirname, "../../../migrations");
const NAMES = ["Ada", "Ёлка", "ёлка", "ЩЁКИ И ЯБЛОКИ", "Жёлудь 🙂 100%", "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"];

/** Runs the chosen migrations in their order. */
function migrate(database: DatabaseSync, isChosen: (file: string) => boolean): void {
  for (const file of readdirSync(FOLDER).filter(isChosen).sort())
    database.exec(readFileSync(resolve(FOLDER, file), "utf8"));
}

test("names that were there before are compared as those that come", () => {
  const database = new DatabaseSync(":memory:");
  const [people, before] = [(file: string) => file.startsWith("0003"), (file: string) => file < "0003"];
  migrate(database, before);
  const insert = database.prepare(`
    INSERT INTO account (
      id, kind, name, owner_member_id, plan, subscription, settings, allowed_ips, created_at, updated_at)
    VALUES (?, 'team', ?, 'mem', '{}', '{}', '{}', '[]', 0, 0)`);
  for (const [index, name] of NAMES.entries()) insert.run(`acc_${index}`, name);
  migrate(database, people);
  expect(
    database
      .prepare("SELECT name_folded AS name FROM account ORDER BY id")
      .all()
      .map(({ name }) => name),
  ).toEqual(NAMES.map(foldForSearch));
});

test("K13 K16 tiers that were named are tiers, and what hooks had set counts as of its arrival", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, (file) => file < "0007");
  const account = database.prepare(`
    INSERT INTO account (
      id, kind, name, owner_member_id, plan, subscription, settings, allowed_ips, created_at, updated_at)
    VALUES (?, 'team', 'T', 'mem', '{}', ?, '{}', '[]', 0, 0)`);
  for (const [index, tier] of ["gold", "gold", "Silver Plan", null].entries())
    account.run(`acc_${index}`, JSON.stringify({ status: "active", tier }));
  const rules = [
    { then: { action: "set_subscription", tier: { value: "pro" } } },
    { then: { action: "set_subscription", tier: { pointer: "/tier" } } },
    { then: { action: "block" } },
  ];
  database.exec(`
    INSERT INTO member (
      id, account_id, username, first_name, last_name, email, status,
      roles, rights, object_group_ids, allowed_ips, created_at, updated_at)
    VALUES ('mem', 'acc_0', 'u', 'f', 'l', 'e', 'active', '[]', '[]', '[]', '[]', 0, 0)`);
  database
    .prepare(
      `INSERT INTO hook VALUES
        ('hok', 'acc_0', 'mem', 'n', 'stripe', 's', 0, NULL, NULL, ?, 1, 1, NULL, 0, 0)`,
    )
    .run(JSON.stringify({ rules }));
  const delivery = database.prepare("INSERT INTO delivery VALUES ('hok', ?, ?, ?, 'x', ?, ?, 1, 0, ?)");
  const delivered = [
    ["subscription_set", "acc_1", 5],
    ["subscription_set", "acc_1", 9],
    ["plan_set", "acc_1", 3],
    ["plan_set", "acc_gone", 3],
    ["credited", "acc_2", 7],
  ] as const;
  for (const [index, [outcome, accountId, at]] of delivered.entries())
    delivery.run(`dlv_${index}`, `m${index}`, `d${index}`, outcome, JSON.stringify({ accountId }), at);
  database.exec(`
    INSERT INTO resource (
      account_id, type, id, status, name, attributes, version, created_by, created_at, updated_at)
    VALUES ('acc_0', 'billing', 'acc_0', 'active', '', '{"tier":"wish","card":null}', 1, 'mem', 0, 0)`);
  migrate(database, (file) => file >= "0007");
  const all = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  expect(
    all(
      `SELECT key, offered, self_service, price ->> 'amount' AS price, features, names ->> 'ru' AS name
        FROM tier ORDER BY key`,
    ),
  ).toEqual(
    ["Silver Plan", "gold", "pro"].map((key) => ({
      key,
      offered: 0,
      self_service: 0,
      price: 0,
      features: "{}",
      name: key,
    })),
  );
  expect(all("SELECT account_id, state, at, sequence FROM state_order ORDER BY state")).toEqual([
    { account_id: "acc_1", state: "plan", at: 3, sequence: null },
    { account_id: "acc_1", state: "subscription", at: 9, sequence: null },
  ]);
  expect(all("SELECT attributes FROM resource")).toEqual([{ attributes: '{"card":null}' }]);
});

test("K10 earlier SOS licenses count as used, for a dealer and its sub-dealers", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, (file) => file < "0010");
  const account = database.prepare(`
    INSERT INTO account (
      id, kind, name, parent_id, owner_member_id, plan, subscription, settings, allowed_ips,
      created_at, updated_at)
    VALUES (?, 'dealer', 'D', ?, 'mem', '{}', '{}', '{}', '[]', 0, 0)`);
  account.run("top", null);
  account.run("below", "top");
  const resource = database.prepare(`
    INSERT INTO resource (account_id, type, id, parent_id, attributes, created_by, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, 'mem', 0, 0)`);
  const used = [
    ["top", "AB-1"],
    ["below", "ab -1"],
    ["below", "S-2"],
    ["top", "ＡＢ-9"],
  ] as const;
  used.forEach(([accountId, serial], index) => {
    resource.run(accountId, "key", `key_${index}`, "obj", JSON.stringify({ serial }));
    resource.run(
      accountId,
      "sos_license",
      `sos_${index}`,
      `key_${index}`,
      JSON.stringify({ serial, expiresAt: `2026-0${index + 1}` }),
    );
  });
  resource.run("top", "key", "key_9", "obj", JSON.stringify({ serial: "S-9" }));
  migrate(database, (file) => file.startsWith("0010"));
  const rows = database
    .prepare("SELECT family_id AS family, serial, license_id AS license FROM sos_serial ORDER BY license_id")
    .all();
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { family: "top", serial: canonicalSerial("AB-1"), license: "sos_0" },
    { family: "top", serial: canonicalSerial("S-2"), license: "sos_2" },
    { family: "top", serial: " ＡＢ-9", license: "sos_3" },
  ]);
  const cards = database
    .prepare("SELECT attributes FROM resource WHERE type = 'key' ORDER BY id")
    .all()
    .map(({ attributes }) => JSON.parse(String(attributes)) as object);
  expect(cards.slice(2)).toEqual([
    { serial: "S-2", sosLicenseId: "sos_2", sosExpiresAt: "2026-03" },
    { serial: "ＡＢ-9", sosLicenseId: "sos_3", sosExpiresAt: "2026-04" },
    { serial: "S-9", sosLicenseId: null, sosExpiresAt: null },
  ]);
});
