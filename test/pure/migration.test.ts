import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { fold } from "../../src/kernel/fold.ts";

const FOLDER = resolve(import.meta.dirname, "../../migrations");
const NAMES = ["Ada", "Ёлка", "ёлка", "ЩЁКИ И ЯБЛОКИ", "Жёлудь 🙂 100%", "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"];

test("names that were there before are compared as those that come", () => {
  const database = new DatabaseSync(":memory:");
  const [people, before] = [(file: string) => file.startsWith("0003"), (file: string) => file < "0003"];
  const run = (chosen: (file: string) => boolean) => readdirSync(FOLDER).filter(chosen).sort().forEach((file) => database.exec(readFileSync(resolve(FOLDER, file), "utf8")));
  run(before);
  const insert = database.prepare(`INSERT INTO account (id, kind, name, owner_member_id, plan, subscription, settings, allowed_ips, created_at, updated_at)
    VALUES (?, 'team', ?, 'mem', '{}', '{}', '{}', '[]', 0, 0)`);
  NAMES.forEach((name, index) => insert.run(`acc_${index}`, name));
  run(people);
  expect(database.prepare("SELECT name_folded AS name FROM account ORDER BY id").all().map(({ name }) => name)).toEqual(NAMES.map(fold));
});

test("K13 K16 tiers that were named are tiers, and what hooks had set counts as of its arrival", () => {
  const database = new DatabaseSync(":memory:");
  const run = (chosen: (file: string) => boolean) => readdirSync(FOLDER).filter(chosen).sort().forEach((file) => database.exec(readFileSync(resolve(FOLDER, file), "utf8")));
  run((file) => file < "0007");
  const account = database.prepare(`INSERT INTO account (id, kind, name, owner_member_id, plan, subscription, settings, allowed_ips, created_at, updated_at)
    VALUES (?, 'team', 'T', 'mem', '{}', ?, '{}', '[]', 0, 0)`);
  ["gold", "gold", "Silver Plan", null].forEach((tier, index) => account.run(`acc_${index}`, JSON.stringify({ status: "active", tier })));
  const rules = [{ then: { action: "set_subscription", tier: { value: "pro" } } }, { then: { action: "set_subscription", tier: { pointer: "/tier" } } }, { then: { action: "block" } }];
  database.exec(`INSERT INTO member (id, account_id, username, first_name, last_name, email, status, roles, rights, object_group_ids, allowed_ips, created_at, updated_at)
    VALUES ('mem', 'acc_0', 'u', 'f', 'l', 'e', 'active', '[]', '[]', '[]', '[]', 0, 0)`);
  database.prepare("INSERT INTO hook VALUES ('hok', 'acc_0', 'mem', 'n', 'stripe', 's', 0, NULL, NULL, ?, 1, 1, NULL, 0, 0)").run(JSON.stringify({ rules }));
  const delivery = database.prepare("INSERT INTO delivery VALUES ('hok', ?, ?, ?, 'x', ?, ?, 1, 0, ?)");
  [["subscription_set", "acc_1", 5], ["subscription_set", "acc_1", 9], ["plan_set", "acc_1", 3], ["plan_set", "acc_gone", 3], ["credited", "acc_2", 7]]
    .forEach(([outcome, accountId, at], index) => delivery.run(`dlv_${index}`, `m${index}`, `d${index}`, outcome as string, JSON.stringify({ accountId }), at as number));
  database.exec(`INSERT INTO resource (account_id, type, id, status, name, attributes, version, created_by, created_at, updated_at)
    VALUES ('acc_0', 'billing', 'acc_0', 'active', '', '{"tier":"wish","card":null}', 1, 'mem', 0, 0)`);
  run((file) => file >= "0007");
  const all = (sql: string) => database.prepare(sql).all().map((row) => ({ ...row }));
  expect(all("SELECT key, offered, self_service, price ->> 'amount' AS price, features, names ->> 'ru' AS name FROM tier ORDER BY key")).toEqual(
    ["Silver Plan", "gold", "pro"].map((key) => ({ key, offered: 0, self_service: 0, price: 0, features: "{}", name: key })));
  expect(all("SELECT account_id, state, at, sequence FROM state_order ORDER BY state")).toEqual([
    { account_id: "acc_1", state: "plan", at: 3, sequence: null }, { account_id: "acc_1", state: "subscription", at: 9, sequence: null }]);
  expect(all("SELECT attributes FROM resource")).toEqual([{ attributes: '{"card":null}' }]);
});
