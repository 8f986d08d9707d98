import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, type Person } from "../../harness/people.ts";
import { isSoak } from "../../harness/soak.ts";
import { fetch, createPlatform, createObject, said } from "../access/operators-fixture.ts";

interface Row {
  readonly id: string;
  readonly login: string | null;
  readonly username: string;
  readonly roles: string[];
  readonly dealer: string;
  readonly email: string;
  readonly phone: string | null;
  readonly mobilePhone: string | null;
  readonly source: string;
  readonly status: string;
  readonly lastLoginAt: string | null;
}
interface Listed {
  readonly data: Row[];
  readonly nextCursor: string | null;
}

const COLUMNS = [
  "login",
  "username",
  "roles",
  "dealer",
  "email",
  "phone",
  "mobilePhone",
  "source",
  "status",
  "lastLoginAt",
] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Pieces that are put together at random: Cyrillic, what LIKE and SQL and JSON take for more than text,
 * emoji, wide letters, equal values.
 */
const PIECES = [
  "Test4",
  "тест",
  "ЖУК",
  "жук",
  "%",
  "_",
  "100%",
  "a_b",
  '"',
  "'",
  "';--",
  "\\",
  "🙂",
  "👩‍🚀",
  "Ａ",
  "a",
  "É",
  "é",
  "ß",
  "$.a",
  "*",
  "?",
  "[a-z]",
  "null",
  "Ёлка",
  "елка",
  "жёлудь",
];
const EMPTY = "";
const NAMES: Readonly<Record<string, readonly string[]>> = {
  dealer_manager: ["Dealer manager", "Менеджер дилера"],
  dealer_user: ["Dealer user", "Пользователь дилера"],
  client: ["Client", "Клиент"],
};

let manager: Person;
let rows: Row[];
const customNames = new Map<string, string>();

/** Case, wide letters and accents make no difference; the Russian й is a letter of its own. */
const folded = (text: string | null) =>
  (text ?? EMPTY)
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/(?<!и)\p{Mn}/gu, EMPTY)
    .normalize("NFC");
/** By the numbers of characters, as a database compares UTF-8. */
function compare(one: string, two: string): number {
  const [a, b] = [
    Array.from(one, (each) => each.codePointAt(0) ?? 0),
    Array.from(two, (each) => each.codePointAt(0) ?? 0),
  ];
  const at = a.findIndex((code, index) => code !== b[index]);
  return at < 0 ? a.length - b.length : b[at] === undefined ? 1 : (a[at] ?? 0) - b[at];
}
const keyOf = (row: Row, column: Column): string =>
  column === "roles"
    ? row.roles.map((role) => folded(NAMES[role]?.[0] ?? customNames.get(role) ?? role)).join(", ")
    : folded(row[column]);
const fits = (row: Row, column: Column, wanted: string): boolean =>
  column === "roles"
    ? row.roles.some((role) =>
        [role, ...(NAMES[role] ?? []), customNames.get(role) ?? EMPTY].some((text) =>
          folded(text).includes(folded(wanted)),
        ),
      )
    : folded(row[column]).includes(
        folded(column === "status" && folded(wanted) === "disabled" ? "blocked" : wanted),
      );

type Filters = Partial<Record<Column, string>>;

function expected(filters: Filters, sort: string | null): string[] {
  const left = rows.filter((row) =>
    Object.entries(filters).every(
      ([column, wanted]) => wanted === EMPTY || fits(row, column as Column, wanted),
    ),
  );
  const turn = sort?.startsWith("-") ? -1 : 1;
  const by = (row: Row) => (sort === null ? EMPTY : keyOf(row, sort.replace("-", EMPTY) as Column));
  return left
    .sort((one, two) => turn * (compare(by(one), by(two)) || compare(one.id, two.id)))
    .map(({ id }) => id);
}

/** All pages, put together. */
async function listed(who: Api, filters: Filters, sort: string | null, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = EMPTY; cursor !== null; ) {
    const query: URLSearchParams = new URLSearchParams({
      ...filters,
      ...(sort === null ? {} : { sort }),
      limit: String(limit),
      ...(cursor === EMPTY ? {} : { cursor }),
    });
    const { data, nextCursor }: Listed = expectStatus(
      await who.get<Listed>(`/v1/members?${query}`),
      200,
    ).body;
    if (data.length > limit || (nextCursor !== null && data.length < limit))
      throw new Error(`a page of ${data.length} for ${limit}`);
    ids.push(...data.map(({ id }) => id));
    cursor = nextCursor;
  }
  return ids;
}

beforeAll(async () => {
  manager = await newAccount(fetch, await createPlatform(), "dealer", { name: "Дилер «Север»" });
  for (const name of ["Кассир", "100% help", "b_c"])
    customNames.set(await createObject(manager, "roles", { name, rights: ["member.view"] }), name);
  const random = fc.sample(
    fc.record({
      username: fc
        .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 3 })
        .map((parts) => parts.join(EMPTY)),
      phone: fc.option(fc.constantFrom("+7 900 100-10-10", "+7 900", "100_1", "доб. 5", "%"), {
        nil: undefined,
      }),
      mobilePhone: fc.option(fc.constantFrom("+44 7000", "+7 900 100-10-10", "Доб. 5"), { nil: undefined }),
      roles: fc.uniqueArray(fc.constantFrom("dealer_user", "client", ...customNames.keys()), {
        maxLength: 3,
      }),
    }),
    { numRuns: 70, seed: 7 },
  );
  const sent = random.map((fields, index) => ({
    firstName: "A",
    lastName: "B",
    email: `${index % 3 === 0 ? "a_b" : "anna"}+${index}@${index % 2 === 0 ? "example.com" : "Example.org"}`,
    ...fields,
  }));
  for (const fields of sent)
    expectStatus(await manager.api.post("/v1/members", fields, { idempotencyKey: newIdempotencyKey() }), 201);
  await env.DB.batch([
    env.DB.prepare(
      "UPDATE member SET source = 'external' WHERE account_id = ? AND CAST(login AS INTEGER) % 5 = 0",
    ).bind(manager.accountId),
    env.DB.prepare(
      `UPDATE member
       SET status = 'active', last_login_at = 1763856000000 + 86399999 * (CAST(login AS INTEGER) % 4)
       WHERE account_id = ? AND CAST(login AS INTEGER) % 3 = 0`,
    ).bind(manager.accountId),
  ]);
  const all = expectStatus(await manager.api.get<Listed>("/v1/members?limit=100"), 200).body.data;
  for (const { id, login } of all)
    if (Number(login) % 7 === 0) expectStatus(await manager.api.post(`/v1/members/${id}/block`), 200);
  rows = expectStatus(await manager.api.get<Listed>("/v1/members?limit=100"), 200).body.data;
});

describe("S2.14 S2.15 S3.4 S3.5 S3.17 S3.21 S4.4 the user book is searched and sorted by any column", () => {
  const SORTS = [null, ...COLUMNS.flatMap((column) => [column, `-${column}`])];
  test("without a question it is everybody, the oldest first", async () => {
    expect(rows).toHaveLength(71);
    expect(await listed(manager.api, {}, null, 9)).toEqual(expected({}, null));
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(["new", "active", "blocked"]));
  });

  test.each(SORTS)("sorted by %s, pages of any size make the same whole", async (sort) => {
    for (const limit of isSoak || sort === "roles" ? [1, 7, 70, 71, 100] : [7, 71])
      expect(await listed(manager.api, {}, sort, limit)).toEqual(expected({}, sort));
  });

  const WANTED = [
    "Test4",
    "test4",
    "ТЕСТ",
    "жУк",
    "%",
    "_",
    "0%",
    "a_",
    '"',
    "'",
    "';--",
    "\\",
    "🙂",
    "👩",
    "ａ",
    "é",
    "É",
    "SS",
    "ß",
    "$.",
    "*",
    "[a",
    "null",
    "00",
    "0012",
    "север",
    "«",
    "EXAMPLE.ORG",
    "a_b+",
    "900 1",
    "ДОБ",
    "act",
    "NEW",
    "blocked",
    "disabled",
    "ext",
    "local",
    "касс",
    "клиент",
    "Dealer U",
    "client",
    "rol_",
    "help",
    "2025-11-2",
    "T23:59:59.99",
    "11-23t",
    "zzz",
    "елка",
    "ЁЛ",
    "желудь",
    "",
    " ",
  ];
  test("S3.19 any filters with any sort find what plain code finds", async () => {
    // Mostly values that some rows have: with a value that no row has, every combination finds nothing.
    const wanted = (column: Column) =>
      fc.constantFrom(
        ...WANTED,
        ...WANTED.filter((text) => text !== EMPTY && rows.some((row) => fits(row, column, text))).flatMap(
          (text) => Array<string>(9).fill(text),
        ),
      );
    const filter = fc
      .subarray([...COLUMNS], { minLength: 1, maxLength: 3 })
      .chain((columns) =>
        fc.record(Object.fromEntries(columns.map((column) => [column, wanted(column)]))),
      ) as fc.Arbitrary<Filters>;
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.constantFrom(...SORTS),
        fc.constantFrom(3, 25, 100),
        async (filters, sort, limit) => {
          const should = expected(filters, sort);
          hits += Object.keys(filters).length > 0 && should.length > 0 && should.length < rows.length ? 1 : 0;
          expect(await listed(manager.api, filters, sort, limit)).toEqual(should);
        },
      ),
      { numRuns: isSoak ? 250 : 80, seed: 11 },
    );
    expect(hits).toBeGreaterThan(isSoak ? 40 : 12);
  });

  test.each(COLUMNS)(
    "S3.10 S3.11 S3.13 S3.14 S3.15 S3.18 S3.20 a filter on %s alone, every text there is",
    async (column) => {
      for (const wanted of WANTED)
        expect(await listed(manager.api, { [column]: wanted }, `-${column}`, 100), wanted).toEqual(
          expected({ [column]: wanted }, `-${column}`),
        );
    },
  );
});

const REFUSED: ReadonlyArray<readonly [string, string]> = [
  ["an unknown column to sort by", "sort=id"],
  ["two minus signs", "sort=--login"],
  ["a column twice", "sort=login,username"],
  ["an unknown filter", "city=a"],
  ["101 characters", `username=${"a".repeat(101)}`],
  ["a control character", "username=%00"],
  ["a filter twice", "username=a&username=b"],
];
test.each(REFUSED)("S3.17 %s is refused", async (_, query) => {
  expect(said(await manager.api.get(`/v1/members?${query}`))).toBe("422 validation");
});

test("S3.22 the example of the article finds its user", async () => {
  expect(
    expectStatus(await manager.api.get<Listed>("/v1/members?username=Test4"), 200).body.data.map(
      ({ username }) => username,
    ),
  ).toContain(rows.find(({ username }) => username.includes("Test4"))?.username);
});

test("a cursor is good for its own list only", async () => {
  const { nextCursor } = expectStatus(
    await manager.api.get<Listed>("/v1/members?limit=2&sort=email&username=a"),
    200,
  ).body;
  expectStatus(await manager.api.get(`/v1/members?limit=5&sort=email&username=a&cursor=${nextCursor}`), 200);
  for (const other of [
    "sort=-email&username=a",
    "sort=email&username=b",
    "sort=email",
    "username=a",
    "sort=username&username=a",
  ]) {
    expect(said(await manager.api.get(`/v1/members?limit=2&${other}&cursor=${nextCursor}`)), other).toBe(
      "422 validation",
    );
  }
  for (const cursor of ["a", btoa("[]"), btoa("[1,2,3]"), btoa('"mem_1"')])
    expect(said(await manager.api.get(`/v1/members?cursor=${cursor.replaceAll("=", EMPTY)}`))).toBe(
      "422 validation",
    );
});
