import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { runWrangler } from "../../src/commands/wrangler.ts";
import { ROOT } from "./document.ts";
import { prepared } from "./prepared.ts";

/** Where wrangler keeps D1 in its state: the file, and what was not yet written into it. */
export const DATABASE = "v3/d1/miniflare-D1DatabaseObject";
const MIGRATIONS = join(ROOT, "migrations");

/** As wrangler makes it, so that `wrangler d1 migrations apply` finds nothing left to do. */
const APPLIED = `CREATE TABLE d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);`;

/**
 * A state of wrangler with a migrated, empty database. All migrations run in one command: `wrangler d1
 * migrations apply` starts a runtime for each. commands.test.ts shows that both ways end in the same tables.
 */
export const migrated = (): Promise<string> =>
  prepared("migrated", async (folder) => {
    const names = readdirSync(MIGRATIONS).sort();
    const parts = names.map((name) => readFileSync(join(MIGRATIONS, name), "utf8"));
    const notes = names.map((name) => `INSERT INTO d1_migrations (name) VALUES ('${name}');`);
    await execute(folder, [APPLIED, ...parts, ...notes]);
  });

/** Runs SQL in the database of a state that no gate has open. */
export async function execute(state: string, sql: readonly string[]): Promise<void> {
  const file = join(state, "statements.sql");
  writeFileSync(file, sql.join("\n"));
  await runWrangler(["d1", "execute", "tollgate", "--local", "--persist-to", state, "--yes", "--file", file]);
}

/** Rows of a state. Of a copy, because to open a database that was killed is to mend it. */
export function rowsOf<Row>(state: string, sql: string): Row[] {
  const copy = mkdtempSync(join(tmpdir(), "tollgate-copy-"));
  try {
    cpSync(join(state, DATABASE), copy, { recursive: true });
    const [file = ""] = readdirSync(copy).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    const database = new DatabaseSync(join(copy, file));
    const rows = database.prepare(sql).all() as Row[];
    database.close();
    return rows;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
