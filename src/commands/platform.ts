// npm run platform -- --email you@example.com [--name "Your company"] [--remote | --local]: creates the
// platform account with its first owner, once for each deployment, and prints that owner's API key, once.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keyHints, mintKey } from "../gate/credentials/api-key.ts";
import { now } from "../kernel/clock.ts";
import { foldForSearch } from "../kernel/text/search-fold.ts";
import { newId } from "../kernel/id.ts";
import { runWrangler } from "./wrangler.ts";

export interface NewPlatform {
  readonly email: string;
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Platform {
  readonly accountId: string;
  readonly memberId: string;
  readonly apiKey: string;
}

export type Target = "--local" | "--remote";

/**
 * The rows of the platform account, its first owner and that owner's API key. Only the key's hash is in them.
 */
export function platformSql(platform: NewPlatform): Platform & { readonly sql: readonly string[] } {
  const { now } = platform;
  const [accountId, userId, memberId] = [newId("account", now), newId("user", now), newId("member", now)];
  const apiKey = mintKey(randomBytes(32));
  const address = platform.email.toLowerCase();
  return {
    accountId,
    memberId,
    apiKey,
    sql: [
      accountInsert(accountId, memberId, platform),
      // The person may be a member of an account already.
      `${insertSql("user", { id: userId, email: address, created_at: now })} ON CONFLICT (email) DO NOTHING`,
      ownerInsert(accountId, memberId, platform),
      keyInsert(accountId, memberId, apiKey, now),
    ],
  };
}

const accountInsert = (id: string, ownerId: string, { name, now }: NewPlatform): string =>
  insertSql("account", {
    id,
    kind: "platform",
    name,
    name_folded: foldForSearch(name),
    owner_member_id: ownerId,
    plan: { restrictedAccounts: false, memberLimit: null, contactUrl: null },
    subscription: { status: "none", tier: null, currentPeriodEnd: null },
    settings: { membersMayCreateKeys: false, locale: "en" },
    created_at: now,
    updated_at: now,
  });

const ownerInsert = (
  accountId: string,
  id: string,
  { email, firstName, lastName, now }: NewPlatform,
): string =>
  insertSql("member", {
    id,
    account_id: accountId,
    user_id: { sql: `(SELECT id FROM user WHERE email = ${sqlLiteral(email.toLowerCase())})` },
    username: `${firstName} ${lastName}`,
    username_folded: foldForSearch(`${firstName} ${lastName}`),
    first_name: firstName,
    last_name: lastName,
    email: email.toLowerCase(),
    status: "active",
    roles: ["owner"],
    created_at: now,
    accepted_at: now,
    updated_at: now,
  });

/** The key itself stays out of the database. */
function keyInsert(accountId: string, memberId: string, apiKey: string, now: number): string {
  const { prefix, last4 } = keyHints(apiKey);
  return insertSql("api_key", {
    id: newId("apiKey", now),
    account_id: accountId,
    member_id: memberId,
    created_by: memberId,
    name: "first key",
    hash: createHash("sha256").update(apiKey).digest("hex"),
    prefix,
    last4,
    created_at: now,
  });
}

/** The platform account of that database, or null. The tables must be there. */
export async function findPlatform(target: Target): Promise<string | null> {
  const command = "SELECT id FROM account WHERE kind = 'platform'";
  const out = await runWrangler(["d1", "execute", "tollgate", target, "--json", "--command", command]);
  const [answer] = JSON.parse(out) as { results: { id: string }[] }[];
  return answer?.results[0]?.id ?? null;
}

/** @throws Error when there is one already: a unique index decides, so two at once cannot both succeed */
export async function createPlatform(target: Target, platform: NewPlatform): Promise<Platform> {
  const { sql, ...created } = platformSql(platform);
  const folder = mkdtempSync(join(tmpdir(), "tollgate-"));
  try {
    const file = join(folder, "platform.sql");
    writeFileSync(file, `${sql.join(";\n")};\n`, { mode: 0o600 });
    await runWrangler(["d1", "execute", "tollgate", target, "--yes", "--file", file]);
    return created;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Value =
  | string
  | number
  | readonly string[]
  | Readonly<Record<string, unknown>>
  | { readonly sql: string };

const insertSql = (table: string, row: Readonly<Record<string, Value>>): string =>
  `INSERT INTO ${table} (${Object.keys(row).join(", ")}) ` +
  `VALUES (${Object.values(row).map(sqlLiteral).join(", ")})`;

function sqlLiteral(value: Value): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "object" && "sql" in value) return String(value.sql);
  return `'${(typeof value === "string" ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      email: { type: "string" },
      name: { type: "string", default: "Platform" },
      "first-name": { type: "string", default: "Platform" },
      "last-name": { type: "string", default: "Owner" },
      remote: { type: "boolean", default: false },
      local: { type: "boolean", default: false },
    },
  });
  const { email, name } = values;
  const texts = [email ?? "", name, values["first-name"], values["last-name"]];
  if (email === undefined || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) || (values.remote && values.local)) {
    throw new Error(
      'Usage: npm run platform -- --email you@example.com [--name "Your company"] [--first-name A] ' +
        "[--last-name B] [--remote | --local]",
    );
  }
  if (texts.some((text) => text.trim() === "" || text.length > 254 || /\p{Cc}/u.test(text)))
    throw new Error("Names must be one line of text.");
  const target = values.remote ? "--remote" : "--local";
  const existing = await findPlatform(target);
  if (existing !== null)
    throw new Error(
      `This database has its platform account already (${existing}); its owner can make more API keys.`,
    );
  const platform = await createPlatform(target, {
    email,
    name,
    firstName: values["first-name"],
    lastName: values["last-name"],
    now: now(),
  });
  console.error(`Platform account ${platform.accountId}, owner ${email}. The API key, shown this once:`);
  console.log(platform.apiKey);
}

if (import.meta.main) {
  await main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
