import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { type Api, newIdempotencyKey, expectStatus, type Problem } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { type Invitation, newPerson, readRows } from "./invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";

interface Result {
  readonly index: number;
  readonly status: number;
  readonly invitation?: Invitation;
  readonly problem?: Problem;
}

let platform: Api;
let team: Person;

beforeAll(async () => {
  platform = await createPlatform();
  team = await createSubscribedAccount(platform, "team");
});

const bulk = (who: Person, invitations: readonly object[], key = newIdempotencyKey()) =>
  who.api.post<{ results: Result[] }>("/v1/invitations/bulk", { invitations }, { idempotencyKey: key });

const briefly = (results: readonly Result[]) =>
  results.map(
    ({ index, status, problem }) => `${index} ${status}${problem === undefined ? "" : ` ${problem.code}`}`,
  );

test("each row has its own answer, and a row that is wrong hurts no other", async () => {
  const twice = newPerson();
  const { body } = expectStatus(
    await bulk(team, [
      { ...newPerson(), role: "member" },
      { ...newPerson(), email: "none" },
      { ...newPerson(), role: "emperor" },
      { ...twice, role: "viewer" },
      { ...twice, role: "viewer" },
      { surprise: true },
      { ...newPerson(), role: "admin" },
    ]),
    200,
  );
  expect(briefly(body.results)).toEqual([
    "0 201",
    "1 422 validation",
    "2 422 validation",
    "3 201",
    "4 409 conflict/duplicate-invitation",
    "5 422 validation",
    "6 201",
  ]);
  expect(body.results[1]?.problem?.errors?.[0]?.pointer).toBe("/email");
  for (const { invitation } of body.results) {
    if (invitation !== undefined)
      expect((await mailsTo(fetch, invitation.member.email)).map(({ template }) => template)).toEqual([
        "invitation",
      ]);
  }
});

test("repeated under its key it answers the same, sends nothing; another body is refused", async () => {
  const [people, key] = [
    [
      { ...newPerson(), role: "member" },
      { ...newPerson(), role: "nobody" },
    ],
    newIdempotencyKey(),
  ];
  const first = expectStatus(await bulk(team, people, key), 200);
  const second = expectStatus(await bulk(team, people, key), 200);
  expect(second.body).toEqual(first.body);
  expect(second.headers.get("idempotency-replayed")).toBe("true");
  expect(await mailsTo(fetch, people[0]?.email ?? "")).toHaveLength(1);
  expect(said(await bulk(team, people.slice(0, 1), key))).toBe("422 idempotency/mismatch");
});

test("a call that broke off goes on where it was: what was made is made once", async () => {
  const [people, key] = [[0, 1, 2, 3].map(() => ({ ...newPerson(), role: "member" })), newIdempotencyKey()];
  const first = expectStatus(await bulk(team, people, key), 200).body.results;
  // As if it had broken off after the second row.
  const late = first.slice(2).map(({ invitation }) => invitation?.member.id ?? "");
  await env.DB.batch([
    env.DB.prepare("DELETE FROM idempotency WHERE key IN (?1, ?1 || '#2', ?1 || '#3')").bind(key),
    ...late.map((id) => env.DB.prepare("DELETE FROM member WHERE id = ?").bind(id)),
  ]);
  expect(said(await bulk(team, people.slice(0, 3), key))).toBe("422 idempotency/mismatch");
  const again = expectStatus(await bulk(team, people, key), 200).body.results;
  expect(briefly(again)).toEqual(["0 201", "1 201", "2 201", "3 201"]);
  expect(again.slice(0, 2)).toEqual(first.slice(0, 2));
  expect(again.slice(2).map(({ invitation }) => invitation?.id)).not.toContain(first[2]?.invitation?.id);
  for (const { email } of people.slice(0, 2)) expect(await mailsTo(fetch, email)).toHaveLength(1);
});

test("the same call several times at once makes each row once, and all tell of the same", async () => {
  const [people, key] = [
    Array.from({ length: 8 }, () => ({ ...newPerson(), role: "member" })),
    newIdempotencyKey(),
  ];
  const answers = await Promise.all([0, 1, 2, 3].map(() => bulk(team, people, key)));
  const last = expectStatus(await bulk(team, people, key), 200).body.results;
  expect(briefly(last)).toEqual(people.map((_, index) => `${index} 201`));
  for (const answer of answers) expect(expectStatus(answer, 200).body.results).toEqual(last);
  for (const { email } of people)
    expect(await readRows("SELECT COUNT(*) AS n FROM member WHERE email = ?", email)).toEqual([{ n: 1 }]);
});

test("S3.39 a dealer manager invites users and clients in one call, and no further manager", async () => {
  const dealer = await createSubscribedAccount(platform, "dealer");
  const { body } = expectStatus(
    await bulk(
      dealer,
      ["dealer_user", "dealer_manager", "client"].map((role) => ({ ...newPerson(), role })),
    ),
    200,
  );
  expect(briefly(body.results)).toEqual(["0 201", "1 403 access/denied", "2 201"]);
  expect(body.results.map(({ invitation }) => invitation?.member.login)).toEqual(["0002", undefined, "0003"]);
  const denied = expectStatus(
    await dealer.api.get<{ data: { action: string; outcome: string }[] }>(
      "/v1/audit?limit=10&action=member.create",
    ),
    200,
  ).body.data.filter(({ outcome }) => outcome === "denied");
  expect(denied).toHaveLength(1);
});

test("it takes 1 to 100 rows, a key, and the right to add members", async () => {
  expect(said(await bulk(team, []))).toBe("422 validation");
  expect(
    said(
      await bulk(
        team,
        Array.from({ length: 101 }, () => ({})),
      ),
    ),
  ).toBe("422 validation");
  expect(said(await team.api.post("/v1/invitations/bulk", { invitations: [{}] }))).toBe(
    "400 idempotency/missing",
  );
  const viewer = await newMember(fetch, team, { roles: ["viewer"] });
  expect(said(await bulk(viewer, [{ ...newPerson(), role: "member" }]))).toBe("403 access/denied");
  const hundred = expectStatus(
    await bulk(
      team,
      Array.from({ length: 100 }, () => ({ ...newPerson(), role: "member" })),
    ),
    200,
  ).body.results;
  expect(hundred.filter(({ status }) => status === 201)).toHaveLength(100);
  expect(new Set(hundred.map(({ invitation }) => invitation?.id)).size).toBe(100);
});
