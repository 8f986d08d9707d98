import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { findForbiddenSettings, findPlaceholders } from "../../../src/commands/deploy-config.ts";
import { type NewPlatform, platformSql } from "../../../src/commands/platform.ts";
import {
  toKeySet,
  findKeySet,
  newSigningKey,
  parseKeySet,
  rotateKeys,
  secretsFileText,
} from "../../../src/commands/signing-key.ts";
import { isApiKey } from "../../../src/gate/credentials/api-key.ts";
import { importKeyring } from "../../../src/gate/credentials/keyring.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PAT: NewPlatform = {
  email: "Pat@Example.com",
  name: 'Pat\'s "platform"; --',
  firstName: "Pat",
  lastName: "O'Hara",
  now: 1_800_000_000_000,
};

function migrated(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const file of readdirSync(resolve(ROOT, "migrations")).sort())
    database.exec(readFileSync(resolve(ROOT, "migrations", file), "utf8"));
  return database;
}

test("the platform account is made with an active owner and a key of which only the hash is kept", () => {
  const database = migrated();
  const platform = platformSql(PAT);
  for (const statement of platform.sql) database.exec(statement);
  const row = database
    .prepare(`
      SELECT account.name, account.kind, member.email, member.status, member.roles, member.last_name,
        user.email AS user_email, api_key.hash
      FROM account
      JOIN member ON member.id = account.owner_member_id
      JOIN user ON user.id = member.user_id
      JOIN api_key ON api_key.member_id = member.id`)
    .get();
  expect({ ...row }).toEqual({
    name: PAT.name,
    kind: "platform",
    email: "pat@example.com",
    status: "active",
    roles: '["owner"]',
    last_name: "O'Hara",
    user_email: "pat@example.com",
    hash: createHash("sha256").update(platform.apiKey).digest("hex"),
  });
  expect(isApiKey(platform.apiKey)).toBe(true);
  expect(platform.sql.join()).not.toContain(platform.apiKey);
});

test("a second platform account is refused by the database itself", () => {
  const database = migrated();
  for (const statement of platformSql(PAT).sql) database.exec(statement);
  expect(() => database.exec(platformSql({ ...PAT, email: "other@example.com" }).sql[0] ?? "")).toThrow(
    "UNIQUE constraint failed: account.kind",
  );
});

test("a signing key is rotated with overlap: the old key verifies until it is dropped", async () => {
  const [old, fresh] = [newSigningKey(), newSigningKey()];
  const kids = async (keys: Parameters<typeof toKeySet>[0]) => {
    const ring = await importKeyring(toKeySet(keys));
    return { signs: ring.signer.kid, verifies: [...ring.verifiers.keys()].sort() };
  };
  const both = [old.kid, fresh.kid].sort();
  const published = rotateKeys([old], "publish", fresh);
  expect(await kids(published)).toEqual({ signs: old.kid, verifies: both });
  const signing = rotateKeys(published, "sign", newSigningKey());
  expect(await kids(signing)).toEqual({ signs: fresh.kid, verifies: both });
  expect(await kids(rotateKeys(signing, "drop", newSigningKey()))).toEqual({
    signs: fresh.kid,
    verifies: [fresh.kid],
  });
});

test("a key set survives .dev.vars", () => {
  const keys = [newSigningKey(), newSigningKey()];
  expect(parseKeySet(findKeySet(secretsFileText(keys)) ?? "")).toEqual(keys);
});

test.each([
  ["not JSON", "{"],
  ["an empty array", "[]"],
  ["a public key", '[{"kty":"OKP","crv":"Ed25519","x":"a","kid":"k"}]'],
])("%s is no key set", (_, text) => {
  expect(() => parseKeySet(text)).toThrow(/key set/);
});

test("what only the owner of a deployment knows is a placeholder until it is put in", () => {
  const config = readFileSync(resolve(ROOT, "wrangler.toml"), "utf8");
  expect(findPlaceholders(config).map((text) => text.split(" ")[0])).toEqual([
    "database_id",
    "ISSUER",
    "APP_URL",
    "MAIL_FROM",
    "CONTACT_URL",
    "SECURITY_CONTACT",
  ]);
  const ready = config
    .replace("00000000-0000-0000-0000-000000000000", "4b1e0000-0000-4000-8000-000000000001")
    .replaceAll("http://127.0.0.1:8787", "https://gate.tollgate.dev")
    .replaceAll("example.com", "tollgate.dev");
  expect(findPlaceholders(ready)).toEqual([]);
});

test.each([
  'DEV_MAIL = "on"',
  '  DEV_MAIL="on" # for a while',
  'vars = { ISSUER = "https://a", DEV_MAIL = "on" }',
  '"DEV_MAIL" = "off"',
])("a configuration with %s is not deployed", (line) => {
  const config = readFileSync(resolve(ROOT, "wrangler.toml"), "utf8");
  expect([
    findForbiddenSettings(config).length,
    findForbiddenSettings(`${config}\n# DEV_MAIL = "on"\n`).length,
    findForbiddenSettings(config.replace("[vars]", `[vars]\n${line}`)).length,
  ]).toEqual([0, 0, 1]);
});
