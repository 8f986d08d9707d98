import { DatabaseSync } from "node:sqlite";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  /** Place in the primary key from 1; 0 outside it. */
  readonly key: number;
}

export type Tables = ReadonlyMap<string, readonly Column[]>;

/** The tables that a database has after these migrations. */
export function tablesOfMigrations(statements: readonly string[]): Tables {
  const database = new DatabaseSync(":memory:");
  for (const sql of statements) database.exec(sql);
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all();
  return new Map(names.map(({ name }) => [String(name), columnsOf(database, String(name))]));
}

const columnsOf = (database: DatabaseSync, table: string): Column[] =>
  database
    .prepare('SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(?)')
    .all(table)
    .map((row) => ({
      name: String(row["name"]),
      type: String(row["type"]).toLowerCase(),
      notNull: row["required"] === 1 || row["pk"] !== 0,
      key: Number(row["pk"]),
    }));

/** The same from Drizzle's tables. */
export const tablesOfSchema = (tables: readonly SQLiteTable[]): Tables =>
  new Map(tables.map((table) => [getTableConfig(table).name, declaredColumns(table)]));

function declaredColumns(table: SQLiteTable): Column[] {
  const config = getTableConfig(table);
  const key = config.primaryKeys.flatMap((one) => one.columns.map((column) => column.name));
  return config.columns.map((column) => ({
    name: column.name,
    type: column.getSQLType().toLowerCase(),
    notNull: column.notNull || key.includes(column.name),
    key: column.primary ? 1 : key.indexOf(column.name) + 1,
  }));
}

/** Tables of the migrations that no row of ours is read from. */
const UNDECLARED = ["guard"];

export function tableFaults(schema: Tables, database: Tables): string[] {
  const names = new Set([...schema.keys(), ...database.keys()].filter((name) => !UNDECLARED.includes(name)));
  return [...names].flatMap((name) => {
    const [left, right] = [schema.get(name), database.get(name)];
    if (left === undefined) return [`${name}: in the migrations only`];
    if (right === undefined) return [`${name}: in the schema only`];
    return columnFaults(name, left, right);
  });
}

function columnFaults(table: string, schema: readonly Column[], database: readonly Column[]): string[] {
  const names = new Set([...schema, ...database].map((column) => column.name));
  return [...names].flatMap((name) => {
    const [left, right] = [
      schema.find((one) => one.name === name),
      database.find((one) => one.name === name),
    ];
    if (left === undefined || right === undefined)
      return [`${table}.${name}: in the ${left === undefined ? "migrations" : "schema"} only`];
    const same = left.type === right.type && left.notNull === right.notNull && left.key === right.key;
    return same
      ? []
      : [`${table}.${name}: schema says ${describeColumn(left)}, migrations say ${describeColumn(right)}`];
  });
}

const describeColumn = (column: Column) =>
  `${column.type}${column.notNull ? " not null" : ""}${column.key > 0 ? ` key ${column.key}` : ""}`;
