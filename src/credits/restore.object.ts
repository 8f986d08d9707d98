import type { ErasureRecord } from "../audit/chain/erasure.ts";
import type { Restore } from "../audit/chain/ledger.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS restore (
    found_at INTEGER PRIMARY KEY, witness TEXT NOT NULL, database TEXT NOT NULL, accepted_at INTEGER
  );
  CREATE TABLE IF NOT EXISTS erasure (id TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;`;

type RestoreRow = { found_at: number; witness: string; database: string; accepted_at: number | null };

/**
 * What was taken back from the chain: databases that were put back, and erasures. No editor of D1 reaches
 * this.
 */
export class RestoreTables {
  readonly #sql: SqlStorage;
  /** Remembered, because every command asks. */
  #waiting: Restore | null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(TABLES);
    this.#waiting = this.listRestores().find(({ acceptedAt }) => acceptedAt === null) ?? null;
  }

  get waiting(): Restore | null {
    return this.#waiting;
  }

  listRestores(): Restore[] {
    return this.#sql
      .exec<RestoreRow>("SELECT * FROM restore ORDER BY found_at")
      .toArray()
      .map((row) => ({
        foundAt: row.found_at,
        witness: JSON.parse(row.witness),
        database: JSON.parse(row.database),
        acceptedAt: row.accepted_at,
      }));
  }

  /** A database that was put back once more is the same case, with another end. */
  saveRestore(restore: Restore): Restore {
    const { foundAt, witness, database, acceptedAt } = restore;
    const headTexts = [JSON.stringify(witness), JSON.stringify(database)];
    this.#sql.exec("INSERT OR REPLACE INTO restore VALUES (?, ?, ?, ?)", foundAt, ...headTexts, acceptedAt);
    this.#waiting = acceptedAt === null ? restore : null;
    return restore;
  }

  /** The facts of an entry stay: what moved, when, and by whose id. */
  erase(memberId: string, { id, digest }: ErasureRecord): void {
    this.#sql.exec("INSERT OR REPLACE INTO erasure VALUES (?, ?)", id, digest);
    this.#sql.exec(
      `UPDATE entry SET context = json_set(context, '$.actor.login', NULL, '$.actor.email', NULL,
        '$.origin.ip', NULL, '$.origin.userAgent', NULL)
      WHERE context ->> '$.actor.memberId' = ? AND context ->> '$.actor.email' IS NOT NULL`,
      memberId,
    );
  }

  erasures(): ErasureRecord[] {
    return this.#sql.exec<{ id: string; digest: string }>("SELECT * FROM erasure").toArray();
  }
}
