import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../../src/app.ts";
import { sweepSearchFields } from "../../../src/people/members/refold.store.ts";
import { openDb } from "../../../src/kernel/db.ts";
import { newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { newMember, type Person } from "../../harness/people.ts";
import {
  type Agency,
  createAgency,
  createTask,
  createTool,
  createSubAccount,
} from "../resources/charge-fixture.ts";
import { downloadSheet } from "../people/export-fixture.ts";
import { fetch, said } from "../access/operators-fixture.ts";
import { anonymousCaller } from "../people/sign-in-fixture.ts";

const ANY = { ifMatch: "*" };

interface Card {
  readonly id: string;
  readonly username: string;
  readonly accountType?: string;
}

let agency: Agency;
let specialist: Person;
let guest: Person;
beforeAll(async () => {
  agency = await createAgency(100);
  specialist = await createSubAccount(fetch, agency.owner, "specialist", [agency.toolId], {
    creditLimit: 10,
    limitPeriod: "month",
  });
  const { id } = expectStatus(await createTask(agency.owner.api, agency.toolId), 201).body;
  guest = await newMember(fetch, agency.owner, {
    roles: ["guest"],
    grants: [{ resourceType: "task", resourceId: id, access: "view" }],
  });
});

describe("K16 what an account type is", () => {
  test("is shown everywhere: on cards, lists and invitations of agencies, and nowhere else", async () => {
    const { owner } = agency;
    const made = expectStatus(
      await owner.api.post<{ id: string; accountType: string; member: Card }>(
        "/v1/invitations",
        {
          email: `${newIdempotencyKey()}@example.com`,
          firstName: "M",
          lastName: "N",
          accountType: "manager",
        },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    expect([made.accountType, made.member.accountType]).toEqual(["manager", "manager"]);
    expect(expectStatus(await owner.api.get<Card>(`/v1/invitations/${made.id}`), 200).body.accountType).toBe(
      "manager",
    );
    expect(
      expectStatus(await owner.api.get<{ data: Card[] }>("/v1/invitations"), 200).body.data.map(
        ({ accountType }) => accountType,
      ),
    ).toContain("manager");
    expect(
      expectStatus(await owner.api.get<Card>(`/v1/members/${specialist.memberId}`), 200).body.accountType,
    ).toBe("specialist");
    const types = Object.fromEntries(
      expectStatus(await owner.api.get<{ data: Card[] }>("/v1/members?limit=100"), 200).body.data.map(
        ({ id, accountType }) => [id, accountType],
      ),
    );
    expect([types[guest.memberId], types[owner.memberId]]).toEqual(["guest", undefined]);
    expect(
      expectStatus(
        await owner.api.patch<Card>(`/v1/members/${made.member.id}`, { accountType: "specialist" }, ANY),
        200,
      ).body.accountType,
    ).toBe("specialist");
  });
});

describe("S4.43 K16 what is left to spend", () => {
  test("is nothing for a guest, to everyone who asks", async () => {
    const remaining = async (who: Person, of: Person) =>
      expectStatus(await who.api.get<{ remaining: number }>(`/v1/members/${of.memberId}/statistics`), 200)
        .body.remaining;
    expect([await remaining(agency.owner, guest), await remaining(agency.owner, specialist)]).toEqual([
      0, 10,
    ]);
    expect(said(await guest.api.get("/v1/credits"))).toBe("403 access/denied");
  });

  test("says when it begins again, where a period's limit is reached: by spend or priced call", async () => {
    const now = new Date();
    const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString();
    const spent = await specialist.api.post<Record<string, unknown>>(
      "/v1/credits/spend",
      { amount: 11 },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect([said(spent), spent.body["resetsAt"]]).toEqual(["402 credits/member-limit-exceeded", next]);
    const dear = await createTool(agency.platform, { createCost: 11, updateCost: 0 });
    expectStatus(
      await agency.owner.api.put(`/v1/members/${specialist.memberId}/grants`, {
        grants: [agency.toolId, dear].map((resourceId) => ({
          resourceType: "tool",
          resourceId,
          access: "view",
        })),
      }),
      200,
    );
    const priced = await createTask(specialist.api, dear);
    expect([said(priced), (priced.body as unknown as Record<string, unknown>)["resetsAt"]]).toEqual([
      "402 credits/member-limit-exceeded",
      next,
    ]);
    const lifetime = await createSubAccount(fetch, agency.owner, "specialist", [agency.toolId], {
      creditLimit: 1,
    });
    const ever = await lifetime.api.post<Record<string, unknown>>(
      "/v1/credits/spend",
      { amount: 2 },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect([said(ever), "resetsAt" in ever.body]).toEqual(["402 credits/member-limit-exceeded", false]);
  });

  test("S4.20 no limit goes with a role that has none, not even beside one that has", async () => {
    const both = await agency.owner.api.patch(
      `/v1/members/${specialist.memberId}`,
      { roles: ["specialist", "manager"], creditLimit: 5 },
      ANY,
    );
    expect(said(both)).toBe("422 validation");
    expect(
      said(
        await agency.owner.api.patch(
          `/v1/members/${specialist.memberId}`,
          { roles: ["specialist", "manager"] },
          ANY,
        ),
      ),
    ).toBe("422 validation");
    expectStatus(
      await agency.owner.api.patch(
        `/v1/members/${specialist.memberId}`,
        { roles: ["specialist", "manager"], creditLimit: null },
        ANY,
      ),
      200,
    );
    expectStatus(
      await agency.owner.api.patch(
        `/v1/members/${specialist.memberId}`,
        { roles: ["specialist"], creditLimit: 10, limitPeriod: "month" },
        ANY,
      ),
      200,
    );
    const mixed = await newMember(fetch, agency.owner, { roles: ["specialist", "manager"] });
    const limited = await newMember(fetch, agency.owner, { roles: ["specialist"], creditLimit: 5 });
    const path = `/v1/members/${limited.memberId}/copy-rights`;
    expect(said(await agency.owner.api.post(path, { fromMemberId: mixed.memberId }))).toBe("422 validation");
  });
});

describe("S1.28 K16 files for spreadsheets", () => {
  test("the ledger of a period, as XLSX and CSV, own rows or all; downloads are in the trail", async () => {
    const { owner } = agency;
    expectStatus(
      await specialist.api.post(
        "/v1/credits/spend",
        { amount: 3, description: "=render" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    const today = new Date().toISOString().slice(0, 10);
    const book = await downloadSheet(owner, `/v1/credits/ledger/export?from=${today}&to=${today}`);
    expect(book.headings).toEqual([
      "at (UTC)",
      "id",
      "kind",
      "memberId",
      "amount",
      "description",
      "lotId",
      "billedTo",
      "balance",
    ]);
    expect(book.lines[0]?.cells).toMatchObject({ kind: "grant", amount: "100", balance: "100" });
    expect(book.lines.at(-1)?.cells).toMatchObject({
      kind: "spend",
      amount: "-3",
      description: "=render",
      memberId: specialist.memberId,
    });
    const csv = expectStatus(await specialist.api.get<string>("/v1/credits/ledger/export?format=csv"), 200);
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(
      csv.body
        .replace("\uFEFF", "")
        .trimEnd()
        .split("\r\n")
        .map((line) => line.split(",").slice(2, 6).join()),
    ).toEqual(["kind,memberId,amount,description", `spend,${specialist.memberId},-3,'=render`]);
    expect(
      (await downloadSheet(owner, `/v1/credits/ledger/export?memberId=${specialist.memberId}`)).lines,
    ).toHaveLength(1);
    expect(
      (await downloadSheet(specialist, `/v1/credits/ledger/export?memberId=${owner.memberId}`)).lines,
    ).toEqual([]);
    expect(
      (await downloadSheet(owner, "/v1/credits/ledger/export?from=2020-01-01&to=2020-12-31")).lines,
    ).toEqual([]);
    expect(said(await guest.api.get("/v1/credits/ledger/export"))).toBe("403 access/denied");
    for (const query of ["from=2026-03-02&to=2026-02-01", "format=pdf", "from=yesterday"])
      expect(said(await owner.api.get(`/v1/credits/ledger/export?${query}`))).toBe("422 validation");
    const trail = expectStatus(
      await owner.api.get<{ data: { outcome: string; changes: { after: Record<string, unknown> } }[] }>(
        "/v1/audit?action=credits.export",
      ),
      200,
    ).body.data;
    expect(
      trail.filter(({ outcome }) => outcome === "success").map(({ changes }) => changes.after["rows"]),
    ).toEqual(expect.arrayContaining([book.lines.length, 1, 0]));
  });

  test("a report as XLSX, its times as dates and its numbers as numbers", async () => {
    const book = await downloadSheet(agency.owner, "/v1/reports/tasks?format=xlsx");
    expect(book.headings).toEqual([
      "id",
      "name",
      "toolId",
      "status",
      "updates",
      "createdAt (UTC)",
      "updatedAt (UTC)",
    ]);
    expect(book.lines[0]?.cells).toMatchObject({
      name: "Task",
      updates: "0",
      "createdAt (UTC)": expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const trail = expectStatus(
      await agency.owner.api.get<{ data: { changes: { after: Record<string, unknown> } }[] }>(
        "/v1/audit?action=report.download",
      ),
      200,
    ).body.data;
    expect(trail[0]?.changes.after).toMatchObject({ report: "tasks", format: "xlsx" });
  });

  test("a report of a period, as XLSX and CSV", async () => {
    const { owner } = agency;
    const today = new Date().toISOString().slice(0, 10);
    const counted = async (from: string, to: string) => {
      const path = `/v1/reports/tasks?from=${from}&to=${to}&format=`;
      const csv = expectStatus(await owner.api.get<string>(`${path}csv`), 200).body;
      return [
        (await downloadSheet(owner, `${path}xlsx`)).lines.length,
        csv.trimEnd().split("\r\n").length - 1,
      ];
    };
    const [xlsx = 0, csv] = await counted(today, today);
    expect([xlsx > 0, csv]).toEqual([true, xlsx]);
    expect(await counted("2020-01-01", "2020-12-31")).toEqual([0, 0]);
  });
});

describe("K16 the user book", () => {
  test("is searched without accents; the sweep folds old rows in steps, not those that changed", async () => {
    const { owner } = agency;
    const rename = (username: string) =>
      owner.api.patch(`/v1/members/${specialist.memberId}`, { username }, ANY);
    const found = async (part: string) =>
      expectStatus(
        await owner.api.get<{ data: Card[] }>(`/v1/members?username=${encodeURIComponent(part)}`),
        200,
      ).body.data.map(({ username }) => username);
    expectStatus(await rename("José Ångström"), 200);
    for (const part of ["jose", "JOSÉ", "angstrom", "José"])
      expect(await found(part)).toEqual(["José Ångström"]);
    const before = (username: string) =>
      env.DB.prepare("UPDATE member SET username_folded = ? WHERE id = ?")
        .bind(username, specialist.memberId)
        .run();
    await before("josé ångström");
    expect(await found("jose")).toEqual([]);
    await env.DB.prepare("INSERT OR REPLACE INTO refold (name, done_to) VALUES ('member', '')").run();
    await sweepSearchFields(openDb(env.DB));
    expect(await found("jose")).toEqual(["José Ångström"]);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM refold").first("n")).toBe(0);
    expectStatus(await rename("Ёлкин Андрей"), 200);
    expect([await found("елкин"), await found("АНДРЕЙ"), await found("андреи")]).toEqual([
      ["Ёлкин Андрей"],
      ["Ёлкин Андрей"],
      [],
    ]);
  });
});

describe("K16 the first page, health and security.txt", () => {
  const page = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(path, { headers });
    return {
      status: answer.status,
      type: answer.headers.get("content-type"),
      text: await answer.text(),
      headers: answer.headers,
    };
  };

  test("/ links to what leads on, in the reader's language, and runs nothing", async () => {
    const { status, type, text, headers } = await page("/", { accept: "text/html" });
    expect([status, type]).toEqual([200, "text/html; charset=utf-8"]);
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => href);
    expect(links).toEqual(["/openapi.json", "/problems", "/sign-in", "/dev/mail"]);
    for (const href of links) expect((await page(href)).status).toBe(200);
    expect(text).not.toMatch(/<script|<img|http/);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect((await page("/", { "accept-language": "ru" })).text).toContain("Войти");
    // No other gate shows its mails.
    const elsewhere = await app.fetch(
      new Request("https://gate.example/"),
      { ...env, DEV_MAIL: "off" } as never,
      createExecutionContext(),
    );
    expect(await elsewhere.text()).not.toContain("/dev/mail");
  });

  test("/health is 200 while the database answers, and 503 without details when it does not", async () => {
    expect(expectStatus(await anonymousCaller.get("/health"), 200).body).toEqual({ status: "ok" });
    const DB = {
      prepare: () => {
        throw new Error("secret host");
      },
      batch: () => {
        throw new Error("secret host");
      },
    };
    const answer = await app.fetch(
      new Request("http://127.0.0.1:8787/health"),
      { ...env, DB } as never,
      createExecutionContext(),
    );
    const body = await answer.json<Record<string, unknown>>();
    expect([answer.status, body["code"], answer.headers.get("retry-after")]).toEqual([
      503,
      "unavailable",
      "10",
    ]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });

  test("security.txt names a contact and an end in the future (RFC 9116)", async () => {
    const { status, type, text } = await page("/.well-known/security.txt");
    expect([status, type]).toEqual([200, "text/plain; charset=utf-8"]);
    const fields = Object.fromEntries(
      text
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/: (.*)/).slice(0, 2)),
    );
    expect(fields).toEqual({
      Contact: "mailto:security@example.com",
      Expires: expect.any(String),
      "Preferred-Languages": "en, ru",
      Canonical: "http://127.0.0.1:8787/.well-known/security.txt",
    });
    const left = Date.parse(fields["Expires"] ?? "") - Date.now();
    expect([left > 0, left < 365 * 86_400_000]).toEqual([true, true]);
  });
});
