import { beforeAll, describe, expect, test } from "vitest";
import { streamWorkbook } from "../../../src/channels/workbook/workbook.ts";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { requestFile, downloadSheet, newestEvents } from "./export-fixture.ts";
import {
  fetch,
  createPlatform,
  replaceGrants,
  createObject,
  said,
  comparableRefusal,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";

let platform: Api;
let owner: Person;
let operator: Person;
let stranger: Person;
let product: string;

interface Right {
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly hint: string;
}
const PATH = "/v1/rights/export.xlsx";

beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "vendor");
  stranger = await createSubscribedAccount(platform, "vendor");
  product = await createObject(owner, "products", { name: "Editor" });
  const role = await createObject(owner, "roles", {
    name: "=Support",
    rights: ["audit.view"],
    grants: [{ resourceType: "customer", access: "owner" }],
  });
  operator = await newMember(fetch, owner, { roles: ["operator", role], rights: ["credits.view"] });
  await replaceGrants(owner, operator.memberId, [
    { resourceType: "product", resourceId: product, access: "edit" },
    { resourceType: "analytics", access: "view" },
  ]);
});

describe("S3.34 the rights of a member as a workbook", () => {
  const KINDS = ["vendor", "team", "dealer", "agency", "distributor"];
  test.each(KINDS)(
    "S3.34 lists every right of the model with its description, in the language of the call: %s",
    async (kind) => {
      const who = await newAccount(fetch, platform, kind);
      for (const [language, yes, no] of [
        ["en", "yes", "no"],
        ["ru", "да", "нет"],
      ] as const) {
        const {
          body: { data },
        } = expectStatus(
          await who.api.get<{ data: Right[] }>("/v1/rights", { headers: { "accept-language": language } }),
          200,
        );
        const { rights } = expectStatus(
          await who.api.get<{ rights: { right: string }[] }>(`/v1/members/${who.memberId}/effective`),
          200,
        ).body;
        const { headings, lines, ...rest } = await downloadSheet(who, PATH, { "accept-language": language });
        expect(lines.map(({ cells }) => headings.slice(0, 5).map((heading) => cells[heading]))).toEqual(
          data.map(({ code, title, description, hint }) => [
            code,
            title,
            description,
            hint,
            rights.some(({ right }) => right === code) ? yes : no,
          ]),
        );
        expect(rest).toMatchObject({ name: "Rights", frozenRows: 1, filtered: `A1:G${lines.length + 1}` });
        expect(lines.length).toBeGreaterThan(20);
      }
    },
  );

  test("S3.34 says where each right holds and what it comes from", async () => {
    const { lines } = await downloadSheet(owner, `${PATH}?memberId=${operator.memberId}`, {
      "accept-language": "en",
    });
    const of = (right: string) => {
      const { cells } = lines.find((line) => line.cells["Right"] === right) ?? expect.fail(right);
      return [cells["Granted"], cells["Where it holds"], cells["What it comes from"]];
    };
    expect(
      [
        "product.view",
        "product.delete",
        "license_key.create",
        "analytics.view",
        "audit.view",
        "customer.delete",
        "credits.view",
        "member.view",
      ].map(of),
    ).toEqual([
      ["yes", `only ${product}`, `access to Products (edit) ${product}`],
      ["no", null, null],
      ["yes", `all under ${product}`, `follows from access to Products (edit) ${product}`],
      ["yes", "everywhere", "access to Analytics (view)"],
      ["yes", "everywhere", "role “=Support”"],
      ["yes", "everywhere", "role “=Support”, access to Customers (owner)"],
      ["yes", "everywhere", "given to the user directly"],
      ["no", null, null],
    ]);
    const russian = await downloadSheet(owner, `${PATH}?memberId=${operator.memberId}`, {
      "accept-language": "ru",
    });
    expect(russian.headings).toEqual([
      "Право",
      "Раздел",
      "Описание",
      "Подсказка",
      "Выдано",
      "Где действует",
      "Откуда",
    ]);
    expect(russian.lines.find(({ cells }) => cells["Право"] === "license_key.create")?.cells).toMatchObject({
      Выдано: "да",
      "Где действует": `всё внутри ${product}`,
      Откуда: `следует из доступа: Продукты (изменение) ${product}`,
    });
  });

  test("S3.34 K8 is about oneself by default, without any right", async () => {
    const [own, named] = [
      await downloadSheet(operator, PATH),
      await downloadSheet(operator, `${PATH}?memberId=${operator.memberId}`),
    ];
    expect(own).toEqual(named);
    // K8: each download is a row of the trail.
    const rows = (await newestEvents(owner, "rights.export")).filter(
      ({ actor }) => (actor as { memberId: string }).memberId === operator.memberId,
    );
    expect(rows.slice(0, 2)).toMatchObject(
      Array(2).fill({ outcome: "success", resource: { type: "member", id: operator.memberId } }),
    );
    expect(
      own.lines.filter(({ cells }) => cells["Granted"] === "yes").map(({ cells }) => cells["Right"]),
    ).toEqual(
      (await downloadSheet(owner, `${PATH}?memberId=${operator.memberId}`)).lines
        .filter(({ cells }) => cells["Granted"] === "yes")
        .map(({ cells }) => cells["Right"]),
    );
    // The names of custom roles are for callers who may see members.
    expect(
      own.lines.find(({ cells }) => cells["Right"] === "audit.view")?.cells["What it comes from"],
    ).toMatch(/^role “rol_\w{26}”$/);
  });

  test("S3.34 of others needs the right to see them; another tenant's member is 404", async () => {
    const missing = await owner.api.get(`${PATH}?memberId=mem_01ARZ3NDEKTSV4RRFFQ69G5FAV`);
    const others = await Promise.all([
      operator.api.get(`${PATH}?memberId=${owner.memberId}`),
      owner.api.get(`${PATH}?memberId=${stranger.memberId}`),
      stranger.api.get(`${PATH}?memberId=${operator.memberId}`),
    ]);
    expect([missing, ...others].map(said)).toEqual(Array(4).fill("404 not-found"));
    expect(new Set([missing, ...others].map(comparableRefusal)).size).toBe(1);
    for (const query of ["memberId=", "limit=10", "memberId=a&memberId=b", `memberId=${"m".repeat(65)}`])
      expect(said(await owner.api.get(`${PATH}?${query}`)), query).toMatch(
        /^(?:404 not-found|422 validation)$/,
      );
    expect((await newestEvents(owner, "member.view"))[0]).toMatchObject({
      outcome: "denied",
      actor: { memberId: operator.memberId },
    });
  });

  test("S3.6 S3.34 of a blocked member is orange: what is granted is not to be used now", async () => {
    const blocked = await newMember(fetch, owner, { roles: ["operator"] });
    expectStatus(await owner.api.post(`/v1/members/${blocked.memberId}/block`), 200);
    expect(
      new Set(
        (await downloadSheet(owner, `${PATH}?memberId=${blocked.memberId}`)).lines.map(
          ({ orange }) => orange,
        ),
      ),
    ).toEqual(new Set([true]));
    expect(new Set((await downloadSheet(owner, PATH)).lines.map(({ orange }) => orange))).toEqual(
      new Set([false]),
    );
  });

  test("S3.34 is a file to keep", async () => {
    const answer = await requestFile(owner, PATH, { headers: { "accept-language": "ru" } });
    await answer.body?.cancel();
    expect(
      ["content-disposition", "content-language", "cache-control"].map((name) => answer.headers.get(name)),
    ).toEqual(['attachment; filename="rights.xlsx"', "ru", "no-store"]);
  });
});

test("S3.7 inside the runtime, too, a page is asked for when it is read", async () => {
  let asked = 0;
  async function* pages() {
    for (; asked < 40; ) {
      asked += 1;
      yield Array.from({ length: 250 }, () => ({ cells: [crypto.randomUUID()] }));
    }
  }
  const reader = streamWorkbook(
    { name: "Things", columns: [{ heading: "A", width: 10 }] },
    pages(),
    Date.UTC(2026, 1, 1),
  ).getReader();
  for (let read = 0; read <= 10; read += 1) {
    await reader.read();
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
    expect(asked).toBe(read);
  }
  await reader.cancel();
  expect(asked).toBe(10);
});
