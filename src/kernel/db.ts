import { fillPlaceholders, type SQL, sql } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import type { BatchItem } from "drizzle-orm/batch";

/**
 * Every store function takes its database, so that accounts can be spread over several without touching
 * callers.
 */
export type Db = DrizzleD1Database;
/** A part of a statement. */
export type { SQL as Expression };
/** One statement of a batch. */
export type Statement = BatchItem<"sqlite">;

const openDatabases = new WeakMap<D1Database, Db>();

/** The same for the same binding, so that statements are prepared once for each isolate. */
export function openDb(database: D1Database): Db {
  const db = openDatabases.get(database) ?? connect(database);
  openDatabases.set(database, db);
  return db;
}

function connect(database: D1Database): Db {
  const db = drizzle(database);
  const [run, all] = [db.run.bind(db), db.all.bind(db)];
  // Drizzle 0.45 forgets the prepared statement of `db.run(sql)` and `db.all(sql)` when it is in a batch
  // of D1 and has parameters.
  const keepStatement = (raw: typeof run | typeof all) => (query: Parameters<typeof run>[0]) => {
    const statement = raw(query);
    return Object.assign(statement, { stmt: database.prepare(statement.getQuery().sql) });
  };
  return Object.assign(db, { run: keepStatement(run) as typeof run, all: keepStatement(all) as typeof all });
}

/** What Drizzle takes out of a statement when it runs a batch on D1. */
interface PreparedQuery {
  readonly stmt: D1PreparedStatement;
  getQuery(): { readonly sql: string; readonly params: unknown[] };
  mapResult(result: unknown, isFromBatch: boolean): unknown;
}

/**
 * A statement that every call needs: Drizzle writes its SQL once for each isolate (30 to 40 µs, a tenth of a
 * local D1 read), each use only fills the placeholders. For batches only, where Drizzle's own `prepare()`
 * does not work on D1.
 */
export function prepared<Query extends Statement>(
  build: (db: Db) => Query,
): (db: Db, values: Record<string, unknown>) => Query {
  const queries = new WeakMap<Db, PreparedQuery>();
  return (db, values) => {
    const query = queries.get(db) ?? (build(db) as unknown as { _prepare(): PreparedQuery })._prepare();
    queries.set(db, query);
    const { sql: text, params } = query.getQuery();
    const use: PreparedQuery = {
      stmt: query.stmt,
      getQuery: () => ({ sql: text, params: fillPlaceholders(params, values) }),
      mapResult: (result, isFromBatch) => query.mapResult(result, isFromBatch),
    };
    return { _prepare: () => use } as unknown as Query;
  };
}

/**
 * Conditions that a write batch can be made to depend on. Each is a column of the table `guard` whose CHECK
 * always fails: when a condition does not hold, the insert fails, names the column, and the whole batch rolls
 * back. When all hold, nothing is written.
 */
export const GUARDS = [
  "stale",
  "changed",
  "last_admin",
  "has_dependents",
  "member_limit",
  "head_moved",
  "claim_used",
  "invitation_changed",
  "charges_pending",
  "recipient_mails",
  "account_mails",
  "link_codes",
  "link_joins",
] as const;
export type GuardName = (typeof GUARDS)[number];

/** Some columns of a table, or of an alias of it. */
export const pickColumns = <Table extends object, Name extends keyof Table>(
  table: Table,
  names: readonly Name[],
): Pick<Table, Name> => Object.fromEntries(names.map((name) => [name, table[name]])) as Pick<Table, Name>;

/** Fails the batch under `name` unless `condition` is true at that moment. */
export const guard = (db: Db, name: GuardName, condition: SQL): Statement =>
  db.run(sql`INSERT INTO guard (${sql.raw(name)}) SELECT 1 WHERE NOT (${condition})`);

/** A value beside the results of a batch. */
export const selectValue = (db: Db, value: SQL): Statement => db.all(sql`SELECT ${value} AS value`);

/** The guard that failed a batch, or null when the failure was another one. */
export function failedGuard(error: unknown): GuardName | null {
  const text = errorText(error);
  return GUARDS.find((name) => text.includes(`CHECK constraint failed: guard_${name}`)) ?? null;
}

/**
 * True when the batch failed on the UNIQUE or PRIMARY KEY named by its columns, e.g. `member.account_id,
 * member.email`.
 */
export const isUniqueViolation = (error: unknown, columns: string): boolean =>
  errorText(error).includes(`UNIQUE constraint failed: ${columns}`);

/** Drizzle wraps the driver's error, so the text is spread over the causes. */
function errorText(error: unknown): string {
  return error instanceof Error ? `${error.message}\n${errorText(error.cause)}` : "";
}

/** Runs statements as one transaction, in order; D1 rolls all back when one fails. */
export async function batch(db: Db, statements: readonly Statement[]): Promise<readonly unknown[]> {
  const [first, ...rest] = statements;
  return first === undefined ? [] : await db.batch([first, ...rest]);
}
