import type { Edge } from "../harness/edge.ts";

/** Runs one statement in a database and answers its rows. */
type RunSql = (sql: string) => Promise<Record<string, unknown>[]>;

export interface RowCounts {
  /** Table -> rows written: changes, and the rows of indexes that an insert or delete touches. */
  readonly [table: string]: number;
}

/**
 * Counts from now on, with triggers, every row that is written in the two databases behind the gate. Partial
 * indexes do not count: no row of a spend is in one. Alarms do not either;
 * test/worker/credits/credits-outbox.test.ts counts those.
 */
export async function countRows(
  edge: Edge,
  accountId: string,
): Promise<{ object(): Promise<RowCounts>; database(): Promise<RowCounts> }> {
  const { DB } = await edge.env();
  const storage = await edge.harness.getWorker().getDurableObjectStorage("ACCOUNTS", { name: accountId });
  return {
    object: await installCounter(async (sql) => (await storage.exec(sql)) as Record<string, unknown>[]),
    database: await installCounter(async (sql) => (await DB.prepare(sql).all()).results),
  };
}

async function installCounter(run: RunSql): Promise<() => Promise<RowCounts>> {
  const schema = await run(
    `SELECT name, type, tbl_name, sql FROM sqlite_master
      WHERE name NOT LIKE 'sqlite_%'
        AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'd1\\_%' ESCAPE '\\'`,
  );
  await run("CREATE TABLE counted (name TEXT NOT NULL, rows INTEGER NOT NULL)");
  for (const { name, sql } of schema.filter(({ type }) => type === "table")) {
    const indexes = schema.filter(
      (one) => one["type"] === "index" && one["tbl_name"] === name && !/\bWHERE\b/i.test(String(one["sql"])),
    ).length;
    const moved = 1 + indexes + ownIndexes(String(sql));
    for (const [event, rows] of [
      ["INSERT", moved],
      ["DELETE", moved],
      ["UPDATE", 1],
    ] as const) {
      await run(
        `CREATE TRIGGER counted_${String(name)}_${event} AFTER ${event} ON ${String(name)}
          BEGIN INSERT INTO counted VALUES ('${String(name)}', ${rows}); END`,
      );
    }
  }
  return async () => {
    const counted = await run("SELECT name, sum(rows) AS rows FROM counted GROUP BY name ORDER BY name");
    await run("DELETE FROM counted");
    return Object.fromEntries(counted.map(({ name, rows }) => [String(name), Number(rows)]));
  };
}

/**
 * Indexes that a table has by its own words: one for each UNIQUE, and one for a text key unless the key is
 * the table.
 */
function ownIndexes(sql: string): number {
  const keyed = /TEXT PRIMARY KEY|PRIMARY KEY \(/.test(sql) && !/WITHOUT ROWID/.test(sql) ? 1 : 0;
  return keyed + (sql.match(/\bUNIQUE\b/g)?.length ?? 0);
}

/** `entry 2.00 + member 1.00 = 3.00` */
export function describeRows(rows: RowCounts, calls: number): string {
  const parts = Object.entries(rows).map(([name, count]) => `${name} ${(count / calls).toFixed(2)}`);
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0) / calls;
  return `${parts.join(" + ")} = ${total.toFixed(2)}`;
}
