import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, expectStatus } from "../../harness/client.ts";
import { newAccount, newMember, type Person } from "../../harness/people.ts";
import { findChainFaults } from "../../harness/full-list.ts";
import { listActions } from "../products/dealer-fixture.ts";
import { fetch, createPlatform, said, comparableRefusal } from "../access/operators-fixture.ts";

interface Assessment {
  readonly year: number;
  readonly result: string;
  readonly at: string;
}

let platform: Api;
let dealer: Person;
let user: Person;
beforeAll(async () => {
  platform = await createPlatform();
  dealer = await newAccount(fetch, platform, "dealer");
  user = await newMember(fetch, dealer, { roles: ["dealer_user"] });
});

const of = ({ accountId, memberId }: Pick<Person, "accountId" | "memberId">, year: number | string = 2025) =>
  `/v1/accounts/${accountId}/members/${memberId}/assessments/${year}`;
const shown = async (who: Person, { memberId }: Person = who) =>
  expectStatus(
    await who.api.get<{ data: Assessment[] }>(`/v1/members/${memberId}/assessments`),
    200,
  ).body.data.map(({ year, result }) => [year, result]);

test("S3.29: the platform writes yearly results; who sees the member reads them, none edits", async () => {
  expect(await shown(user)).toEqual([]);
  for (const [year, result] of [
    [2024, "B"],
    [2026, "A"],
    [2025, "C"],
    [2025, "A−"],
  ] as const) {
    expect(expectStatus(await platform.put<Assessment>(of(user, year), { result }), 200).body).toEqual({
      year,
      result,
      at: expect.any(String),
    });
  }
  const expected = [
    [2026, "A"],
    [2025, "A−"],
    [2024, "B"],
  ];
  expect([await shown(user), await shown(dealer, user), await shown(dealer)]).toEqual([
    expected,
    expected,
    [],
  ]);
  const card = expectStatus(
    await dealer.api.get<{ readOnlyFields: string[]; login: string; assessments: Assessment[] }>(
      `/v1/members/${user.memberId}`,
    ),
    200,
  ).body;
  expect(card.assessments.map(({ year, result }) => [year, result])).toEqual(expected);
  expect(expectStatus(await dealer.api.get(`/v1/members/by-login/${card.login}`), 200).body).toEqual(card);
  expect(card.readOnlyFields).toContain("assessments");
  expect(
    said(
      await dealer.api.patch(
        `/v1/members/${user.memberId}`,
        { assessments: [{ year: 2026, result: "A+" }] },
        { ifMatch: "*" },
      ),
    ),
  ).toBe("422 validation");
  for (const method of ["post", "put", "patch"] as const)
    expect(said(await dealer.api[method](`/v1/members/${user.memberId}/assessments`, { result: "A+" }))).toBe(
      "405 method-not-allowed",
    );
  expectStatus(await platform.del(of(user, 2024)), 204);
  expect(said(await platform.del(of(user, 2024)))).toBe("404 not-found");
  expect(await shown(user)).toEqual([
    [2026, "A"],
    [2025, "A−"],
  ]);
});

test("S3.29: only the platform writes, for members and years that exist; a refusal keeps all", async () => {
  const before = await env.DB.prepare("SELECT * FROM assessment").all();
  for (const who of [dealer, user]) {
    expect(said(await who.api.put(of(user), { result: "A+" }))).toBe("403 access/denied");
    expect(said(await who.api.del(of(user)))).toBe("403 access/denied");
  }
  const other = await newAccount(fetch, platform, "dealer");
  const nobody = { accountId: dealer.accountId, memberId: `mem_${"0".repeat(26)}` };
  expect(
    comparableRefusal(await platform.put(of({ ...user, accountId: other.accountId }), { result: "A+" })),
  ).toBe(comparableRefusal(await platform.put(of(nobody), { result: "A+" })));
  expect(said(await platform.put(of(nobody), { result: "A+" }))).toBe("404 not-found");
  for (const year of ["1999", "2101", "99", "20255", "abcd", "2025.0", " 2025"])
    expect(said(await platform.put(of(user, year), { result: "A+" })), year).toBe("422 validation");
  for (const body of [
    {},
    { result: "" },
    { result: "x".repeat(501) },
    { result: 5 },
    { result: "A", year: 2024 },
  ])
    expect(said(await platform.put(of(user), body))).toBe("422 validation");
  expect((await env.DB.prepare("SELECT * FROM assessment").all()).results).toEqual(before.results);
  expect(said(await other.api.get(`/v1/members/${user.memberId}/assessments`))).toBe("404 not-found");
  const client = await newMember(fetch, dealer, { roles: ["client"] });
  expect(said(await client.api.get(`/v1/members/${user.memberId}/assessments`))).toBe("404 not-found");
});

test("both trails tell of it, and a person can be erased from them", async () => {
  const member = await newMember(fetch, dealer, { roles: ["client"] });
  expectStatus(await platform.put(of(member), { result: "Secret grade" }), 200);
  expectStatus(await platform.put(of(member), { result: "Better" }), 200);
  expectStatus(await platform.del(of(member)), 204);
  for (const who of [dealer.api, platform]) {
    const told = [
      ...(await listActions(who, "assessment.delete")),
      ...(await listActions(who, "assessment.edit")),
    ].filter(({ resource }) => resource.id === member.memberId);
    expect(told.map(({ changes }) => changes)).toEqual([
      { before: { year: 2025, result: "Better" }, after: {} },
      { before: { year: 2025, result: "Secret grade" }, after: { year: 2025, result: "Better" } },
      { before: {}, after: { year: 2025, result: "Secret grade" } },
    ]);
    expect(await findChainFaults(who)).toEqual([]);
  }
  const { results } = await env.DB.prepare("SELECT body FROM audit_event WHERE resource_id = ?")
    .bind(member.memberId)
    .all<{ body: string }>();
  expect(results.length).toBeGreaterThan(0);
  expect(results.filter(({ body }) => /Secret grade|Better/.test(body))).toEqual([]);
});
