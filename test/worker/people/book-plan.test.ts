import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { toMemberQuery, MEMBER_COLUMNS } from "../../../src/people/directory/member-query.ts";
import { selectMemberPage, type PageStart } from "../../../src/people/directory/member-list.store.ts";
import { openDb } from "../../../src/kernel/db.ts";

const db = openDb(env.DB);
const MANY = 9_999;
const PAGE = 26;

/** Members of an account and of three below it, with every column filled, among as many of others. */
async function fill(accountId: string, parentId: string | null, rows: number): Promise<void> {
  await env.DB.prepare(`
    INSERT INTO account
      (id, kind, name, name_folded, parent_id, owner_member_id, plan, subscription, settings, allowed_ips,
        created_at, updated_at)
    VALUES (?1, 'dealer', ?1, lower(?1), ?2, 'mem_9', '{}', '{}', '{}', '[]', 0, 0)`)
    .bind(accountId, parentId)
    .run();
  await env.DB.prepare(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})
    INSERT INTO member
      (id, account_id, login, username, username_folded, first_name, last_name, email, phone, phone_folded,
        mobile_phone, mobile_phone_folded, source, status, roles, last_login_at, created_at, updated_at)
    SELECT printf('mem_%s_%05d', ?1, n), ?1, printf('%04d', n), 'User ' || (n * 7919 % 10007),
      'user ' || (n * 7919 % 10007), 'U', 'S', 'u' || (n * 31 % 10007) || '@example.com',
      '+7 ' || n % 500, '+7 ' || n % 500, '+44 ' || n % 300, '+44 ' || n % 300,
      CASE n % 4 WHEN 0 THEN 'external' ELSE 'local' END,
      CASE n % 3 WHEN 0 THEN 'new' WHEN 1 THEN 'active' ELSE 'blocked' END,
      CASE n % 3
        WHEN 0 THEN '["client"]'
        WHEN 1 THEN '["dealer_user","rol_' || n % 9 || '"]'
        ELSE '[]'
      END,
      n, 0, 0
    FROM numbers`)
    .bind(accountId)
    .run();
}

beforeAll(async () => {
  await fill("acc_1", null, MANY);
  await fill("acc_2", null, MANY);
  for (const below of ["acc_3", "acc_4", "acc_5"]) await fill(below, "acc_1", 300);
});

type Asked = Parameters<typeof toMemberQuery>[0];

/** The statement as the program sends it. */
async function page(
  asked: Asked,
  accounts: readonly string[],
  after: PageStart | null = null,
): Promise<{
  readonly ids: string[];
  readonly last: PageStart;
  readonly rowsRead: number;
  readonly plan: string[];
}> {
  const { sql, params } = selectMemberPage(db, toMemberQuery(asked, accounts, "dealer", "en"), {
    after,
    limit: PAGE,
  }).toSQL();
  const { results, meta } = await env.DB.prepare(sql)
    .bind(...params)
    .all<{ id: string; value: string }>();
  const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...params)
    .all<{ detail: string }>();
  return {
    ids: results.map(({ id }) => id),
    last: results.at(-1) as PageStart,
    rowsRead: meta.rows_read,
    plan: plan.results.map(({ detail }) => detail),
  };
}

const FILTERS: Readonly<Record<(typeof MEMBER_COLUMNS)[number], string>> = {
  login: "12",
  username: "ser 77",
  roles: "client",
  dealer: "acc",
  email: "@example",
  phone: "+7 4",
  mobilePhone: "44 1",
  source: "ext",
  status: "blocked",
  lastLoginAt: "1970",
};

describe(`S3.17 S3.19 of ${MANY} members, a page by any filter and any sort`, () => {
  const SORTS = [undefined, ...MEMBER_COLUMNS.flatMap((column) => [column, `-${column}` as const])];
  const WANTED: readonly Asked[] = [
    {},
    ...MEMBER_COLUMNS.map((column) => ({ [column]: FILTERS[column] })),
    FILTERS,
  ];

  test.each(SORTS)(
    "sorted by %s goes through one index of all columns, and of the members reads the page",
    async (sort) => {
      for (const filters of WANTED) {
        const asked = { ...filters, sort };
        const is = await page(asked, ["acc_1"]);
        const title = JSON.stringify(asked);
        expect(
          is.plan
            .filter((detail) => /^(SCAN|SEARCH) m\b/.test(detail))
            .every((detail) => detail.includes("USING COVERING INDEX member_book (account_id=?")),
          `${title}\n${is.plan.join("\n")}`,
        ).toBe(true);
        expect(
          is.plan.filter((detail) => /^SCAN (member|account|role|access_grant)\b/.test(detail)),
          title,
        ).toEqual([]);
        // Once through the index, once more in the order of the sort, and once more each for the combinations
        // of roles and for the accounts' names.
        const times =
          1 +
          Number(sort !== undefined) +
          2 * Number("roles" in filters) +
          2 * Number(sort?.includes("roles") ?? false) +
          Number("dealer" in filters || (sort?.includes("dealer") ?? false));
        expect(is.rowsRead, title).toBeLessThanOrEqual(times * MANY + 500);
      }
    },
  );

  test("without a filter it reads no more than the page, from the first and from the middle", async () => {
    const first = await page({}, ["acc_1"]);
    const middle = await page({}, ["acc_1"], { value: "", id: "mem_acc_1_05000" });
    expect(first.ids).toHaveLength(PAGE);
    expect(middle.ids[0]).toBe("mem_acc_1_05001");
    for (const { rowsRead } of [first, middle]) expect(rowsRead).toBeLessThanOrEqual(PAGE * 5);
  });

  test("with the members of accounts below, the same index", async () => {
    const is = await page({ sort: "-username", status: "new" }, ["acc_1", "acc_3", "acc_4", "acc_5"]);
    expect(is.plan.join("\n")).toContain("USING COVERING INDEX member_book (account_id=?");
    expect(is.rowsRead).toBeLessThanOrEqual(2 * (MANY + 900) + 500);
  });
});

test("all columns share one index: a column in it costs two rows written, any other one row", async () => {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master
     WHERE type = 'index' AND tbl_name = 'member' AND sql IS NOT NULL ORDER BY name`,
  ).all<{ name: string }>();
  expect(results.map(({ name }) => name)).toEqual([
    "member_book",
    "member_email",
    "member_external",
    "member_login",
    "member_of_user",
    "member_user",
  ]);
  const written = async (column: string, value: string) =>
    (await env.DB.prepare(`UPDATE member SET ${column} = ? WHERE id = 'mem_acc_1_00001'`).bind(value).run())
      .meta.rows_written;
  expect([
    await written("status", "blocked"),
    await written("username_folded", "x"),
    await written("city", "y"),
    await written("version", "5"),
  ]).toEqual([2, 2, 1, 1]);
});
