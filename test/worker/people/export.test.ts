import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { openSheet } from "../../harness/sheet.ts";
import {
  requestFile,
  downloadSheet,
  insertMembers,
  expectedLines,
  type Listed,
  newestEvents,
  readWholeList,
} from "./export-fixture.ts";
import { fetch, createPlatform, createObject, said } from "../access/operators-fixture.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HOSTILE = [
  "=cmd|'/c calc'!A1",
  "+1",
  "-1",
  "@SUM(A1:A9)",
  "<b>&amp;]]>",
  "🦊 fox",
  "Ёжик в тумане",
  "_x0041_",
  '=HYPERLINK("x","y")',
  "'=1",
];

let platform: Api;
let manager: Person;
let subdealer: Person;
let client: Person;
let stranger: Person;

/** What no call lets in, but a database may hold. */
async function written(id: string, column: string, text: string): Promise<void> {
  await env.DB.prepare(`UPDATE member SET ${column} = ? WHERE id = ?`).bind(text, id).run();
}

beforeAll(async () => {
  platform = await createPlatform();
  manager = await newAccount(fetch, platform, "dealer", { name: "Дилер «Север» & Co" });
  subdealer = await newAccount(fetch, platform, "subdealer", { parentId: manager.accountId, name: "=Below" });
  stranger = await newAccount(fetch, platform, "dealer");
  client = await newMember(fetch, manager, { roles: ["client"], username: "Client who looks" });
  const custom = await createObject(manager, "roles", { name: "=Кассир", rights: ["member.view"] });
  const ids: string[] = [];
  for (const [index, username] of HOSTILE.entries()) {
    const roles = [["dealer_user"], ["client", custom], [], [custom]][index % 4] ?? [];
    ids.push(
      expectStatus(
        await manager.api.post<{ id: string }>(
          "/v1/members",
          {
            username,
            firstName: username,
            lastName: "-Иванов",
            email: `h${index}@example.com`,
            roles,
            phone: index % 2 === 0 ? "+7 900 100-10-10" : null,
            mobilePhone: index % 3 === 0 ? "=1+1" : null,
            middleName: index % 4 === 0 ? "@" : null,
          },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      ).body.id,
    );
  }
  for (const id of ids.slice(0, 4)) expectStatus(await manager.api.post(`/v1/members/${id}/block`), 200);
  await written(ids[5] ?? "", "source", "external");
  await written(ids[6] ?? "", "comments", "x".repeat(40_000));
});

describe("S3.7 S3.8 the user book as a workbook", () => {
  const FILTERS = [
    "",
    "status=blocked",
    "status=act",
    "username=x",
    "username=%25",
    "roles=client",
    "roles=касс",
    "login=00",
    "source=ext",
    "lastLoginAt=20",
    "email=h1",
    "phone=900",
    "dealer=below",
    "mobilePhone=1%2B1",
    "status=blocked&phone=900",
    "username=nobody",
  ];
  const SORTS = [
    "",
    "login",
    "-login",
    "username",
    "-username",
    "roles",
    "-dealer",
    "email",
    "-phone",
    "mobilePhone",
    "source",
    "-status",
    "-lastLoginAt",
  ];
  test.each(FILTERS)(
    "S3.6 S3.7 S3.8 S3.17 shows with “%s” what the list shows, in any order; orange are the blocked",
    async (filter) => {
      for (const sort of SORTS) {
        const query = [filter, ...(sort === "" ? [] : [`sort=${sort}`])]
          .filter((part) => part !== "")
          .join("&");
        const rows = await readWholeList(manager, query);
        const book = await downloadSheet(manager, `/v1/members/export.xlsx?${query}`);
        expect(book.lines, query).toEqual(await expectedLines(manager, rows));
        expect(book.lines.filter(({ orange }) => orange).length).toBe(
          rows.filter(({ status }) => status === "blocked").length,
        );
      }
    },
  );

  test("the table above has all statuses, sources, both accounts, and filters that leave some", async () => {
    const rows = await readWholeList(manager, "");
    const of = (column: keyof Listed) => new Set(rows.map((row) => row[column])).size;
    expect([rows.length, of("status"), of("source"), of("dealer")]).toEqual([HOSTILE.length + 3, 3, 2, 2]);
    const left = await Promise.all(
      FILTERS.map(async (filter) => (await readWholeList(manager, filter)).length),
    );
    expect(left.filter((count) => count > 0 && count < rows.length).length).toBeGreaterThan(8);
  });

  test("S3.7 is a file to keep, with headings in the language of the call", async () => {
    const russian = await requestFile(manager, "/v1/members/export.xlsx?username=fox&sort=login", {
      headers: { "accept-language": "ru-RU, en;q=0.5" },
    });
    expect(
      Object.fromEntries(
        [
          "content-type",
          "content-disposition",
          "content-language",
          "cache-control",
          "x-content-type-options",
        ].map((name) => [name, russian.headers.get(name)]),
      ),
    ).toEqual({
      "content-type": XLSX,
      "content-disposition": 'attachment; filename="members.xlsx"',
      "content-language": "ru",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const book = await openSheet(new Uint8Array(await russian.arrayBuffer()));
    expect(book).toMatchObject({ name: "Members", frozenRows: 1, filtered: "A1:N2" });
    expect(book.headings).toEqual([
      "Логин",
      "Имя пользователя",
      "Фамилия",
      "Имя",
      "Отчество",
      "Роли",
      "Дилер",
      "E-mail",
      "Телефон",
      "Мобильный телефон",
      "Источник",
      "Статус",
      "Создан (UTC)",
      "Последний вход (UTC)",
    ]);
    expect(book.lines).toMatchObject([
      {
        orange: false,
        cells: {
          "Имя пользователя": "🦊 fox",
          Роли: "Клиент, =Кассир",
          Источник: "Внешний",
          Статус: "Новый",
        },
      },
    ]);
    expect(book.widths.every((width) => width !== undefined && width >= 8)).toBe(true);
    expect(
      (await downloadSheet(manager, "/v1/members/export.xlsx", { "accept-language": "de" })).headings[0],
    ).toBe("Login");
  });

  test("S3.7 shows any text of the database as text, without what no workbook can hold", async () => {
    const who = await newMember(fetch, manager, { roles: ["client"] });
    await env.DB.prepare(
      `UPDATE member
       SET first_name = 'a' || char(1) || 'b', last_name = char(9) || '=1',
         phone = 'x' || char(13) || char(10) || 'y', middle_name = char(65534)
       WHERE id = ?`,
    )
      .bind(who.memberId)
      .run();
    await written(who.memberId, "mobile_phone", "🦊".repeat(20_000));
    const login = (await readWholeList(manager, "")).find(({ id }) => id === who.memberId)?.login;
    const {
      lines: [line],
    } = await downloadSheet(manager, `/v1/members/export.xlsx?login=${login}`);
    expect(line?.cells).toMatchObject({
      "First name": "a\uFFFDb",
      "Last name": "\t=1",
      Phone: "x\r\ny",
      "Middle name": "\uFFFD",
      "Mobile phone": `${"🦊".repeat(16_383)}…`,
    });
    await env.DB.prepare(
      `UPDATE member
       SET first_name = 'a', last_name = 'b', phone = NULL, middle_name = NULL, mobile_phone = NULL
       WHERE id = ?`,
    )
      .bind(who.memberId)
      .run();
  });

  test("S3.7 is in the trail before its first byte is read, without the search; a refusal too", async () => {
    const [before] = await newestEvents(manager, "member.export");
    const answer = await requestFile(
      manager,
      "/v1/members/export.xlsx?username=Secret&email=anna%40example.com&sort=-login",
    );
    const [told, older] = await newestEvents(manager, "member.export");
    await answer.body?.cancel();
    expect(older?.id).toBe(before?.id);
    expect(told).toMatchObject({
      resource: { type: "member", id: null },
      outcome: "success",
      actor: { memberId: manager.memberId },
    });
    expect(told?.changes).toEqual({
      before: {},
      after: {
        accountIds: [manager.accountId, subdealer.accountId],
        filters: ["email", "username"],
        sort: "-login",
      },
    });
    expect(said(await client.api.get("/v1/members/export.xlsx"))).toBe("403 access/denied");
    expect((await newestEvents(manager, "member.view"))[0]).toMatchObject({
      outcome: "denied",
      actor: { memberId: client.memberId },
    });
    expect((await newestEvents(manager, "member.export"))[0]?.id).toBe(told?.id);
  });

  const REFUSED = [
    "limit=10",
    "cursor=abc",
    "sort=id",
    "sort=login&sort=email",
    "city=Riga",
    `username=${"a".repeat(101)}`,
    "username=%00",
  ];
  test.each(REFUSED)("S3.7 is refused with %s, and then no export is in the trail", async (query) => {
    const [before] = await newestEvents(manager, "member.export");
    expect(said(await manager.api.get(`/v1/members/export.xlsx?${query}`))).toBe("422 validation");
    expect((await newestEvents(manager, "member.export"))[0]?.id).toBe(before?.id);
  });

  test("another account's book is another book", async () => {
    expect((await downloadSheet(stranger, "/v1/members/export.xlsx")).lines).toEqual(
      await expectedLines(stranger, await readWholeList(stranger, "")),
    );
  });
});

describe("S3.7 a book of 9,999 members", () => {
  let large: Person;
  let reader: Person;
  beforeAll(async () => {
    large = await newAccount(fetch, platform, "dealer");
    reader = await newMember(fetch, large, { roles: ["dealer_user"], rights: ["member.view"] });
    await insertMembers(large, 3, 9_999);
  });

  test("arrives as a whole, each member once, blocked ones in orange", async () => {
    const { lines: all } = await downloadSheet(large, "/v1/members/export.xlsx?sort=login");
    expect(all.map(({ cells }) => cells["Login"])).toEqual(
      Array.from({ length: 9_999 }, (_, index) => String(index + 1).padStart(4, "0")),
    );
    expect(all.filter(({ orange }) => orange).length).toBe(999);
    expect(
      (await downloadSheet(large, "/v1/members/export.xlsx?status=blocked&sort=-username")).lines,
    ).toHaveLength(999);
  });

  test("goes on as it was decided at its beginning; the next one asks again", async () => {
    const answer = await requestFile(reader, "/v1/members/export.xlsx");
    const body = answer.body?.getReader() ?? expect.fail();
    const chunks = [(await body.read()).value];
    expectStatus(await large.api.post(`/v1/members/${reader.memberId}/block`), 200);
    for (let next = await body.read(); !next.done; next = await body.read()) chunks.push(next.value);
    const { lines: all } = await openSheet(
      new Uint8Array(await new Blob(chunks as ArrayBuffer[]).arrayBuffer()),
    );
    expect([all.length, all.filter(({ orange }) => orange).length]).toEqual([9_999, 1_000]);
    expect((await requestFile(reader, "/v1/members/export.xlsx")).status).toBe(401);
  });
});
