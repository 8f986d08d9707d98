/** The part of D1 that this asks. */
interface Database {
  prepare(sql: string): { bind(...values: unknown[]): { run(): Promise<unknown> } };
}

/** Members with the logins from `first` to `last`, as a dealer gets them in years. */
export async function fillLogins(
  database: Database,
  accountId: string,
  first: number,
  last: number,
): Promise<void> {
  await database
    .prepare(`
      INSERT INTO member
        (id, account_id, login, username, first_name, last_name, email, status, created_at, updated_at)
      WITH RECURSIVE n (i) AS (SELECT ?2 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
      SELECT 'mem_' || substr(?1, 13) || printf('%08d', i), ?1, printf('%04d', i), 'U' || i, 'F', 'L',
        'u' || i || '@fill.example', 'blocked', 1, 1
      FROM n`)
    .bind(accountId, first, last)
    .run();
}
