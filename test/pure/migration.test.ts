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
