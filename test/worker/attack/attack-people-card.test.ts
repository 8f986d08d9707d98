import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { mailsTo } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { JOIN_MAPPING, newHook } from "../../harness/webhook.ts";
import {
  type Agency,
  fetchCrashingAt,
  createAgency,
  createTask,
  fetchInSteps,
  createSubAccount,
} from "../resources/charge-fixture.ts";
import { type DealerFixture, createDealer } from "../products/dealer-fixture.ts";
import { fetch, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import { addSignedInMember, newEmail } from "../people/sign-in-fixture.ts";

let platform: Api;
let owner: Person;
let agency: Agency;
let dealer: DealerFixture;
beforeAll(async () => {
  agency = await createAgency(10_000);
  platform = agency.platform;
  owner = await createSubscribedAccount(platform, "team");
  dealer = await createDealer(platform);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
}, 120_000);

const ANY = { ifMatch: "*" };

describe("what a person is called", () => {
  test.each([
    "\u200b",
    "\u2060",
    "\u3164",
    "\u00ad\u00ad",
    "\u200d\u200c",
    "\u202e",
    "\u2800",
    "Nina\u202eanin",
    "a\u2066b",
  ])("can be seen, and turns nothing around: not %j", async (blank) => {
    const { memberId } = await newMember(fetch, owner, { roles: ["viewer"] });
    for (const field of ["username", "firstName", "lastName"])
      expect(said(await owner.api.patch(`/v1/members/${memberId}`, { [field]: blank }, ANY))).toBe(
        "422 validation",
      );
  });

  test.each(["می\u200cخواهم", "👩\u200d👧", "क्\u200dष", "É", "李", "O\u2019Neil"])(
    "may be %j",
    async (username) => {
      const { memberId } = await newMember(fetch, owner, { roles: ["viewer"] });
      expect(
        expectStatus(await owner.api.patch(`/v1/members/${memberId}`, { username }, ANY), 200).body,
      ).toMatchObject({ username });
    },
  );
});

describe("mails to confirm an address", () => {
  const waitAgain = (email: string) =>
    env.DB.prepare(
      "UPDATE mail_outbox SET sent_at = NULL, attempts = 0, held_until = 0 WHERE letter ->> 'to' = ?",
    )
      .bind(email)
      .run();

  test.each([
    ["who was removed", (id: string) => owner.api.del(`/v1/members/${id}`)],
    ["who was blocked", (id: string) => owner.api.post(`/v1/members/${id}/block`)],
    [
      "who has another by now",
      (id: string) => owner.api.patch(`/v1/members/${id}`, { email: newEmail() }, ANY),
    ],
  ] as const)("are not sent to a member %s", async (_, gone) => {
    const who = await addSignedInMember(owner);
    const email = newEmail();
    expectStatus(await owner.api.patch(`/v1/members/${who.id}`, { email }, ANY), 200);
    expect(await mailsTo(fetch, email)).toHaveLength(1);
    // As if the queue were slow.
    await env.DB.prepare("DELETE FROM dev_mail WHERE recipient = ?").bind(email).run();
    await waitAgain(email);
    expect((await gone(who.id)).status).toBeLessThan(300);
    expect((await mailsTo(fetch, email)).filter(({ template }) => template === "confirm_email")).toEqual([]);
  });
});

test("no member takes object groups away that they do not see", async () => {
  const { manager, groups } = dealer;
  const clerk = await newMember(fetch, manager, {
    roles: [],
    rights: ["member.view", "member.edit", "object_group.edit", "object_group.view"],
    objectGroupIds: [groups.G],
  });
  const target = await newMember(fetch, manager, { roles: [], objectGroupIds: [groups.H] });
  const put = (groupIds: readonly string[]) =>
    clerk.api.put(`/v1/members/${target.memberId}/object-groups`, { groupIds });
  const patch = (objectGroupIds: readonly string[]) =>
    clerk.api.patch(`/v1/members/${target.memberId}`, { objectGroupIds }, ANY);
  expect([
    said(await put([])),
    said(await put([groups.G])),
    said(await patch([])),
    said(await patch([groups.G])),
  ]).toEqual(Array.from({ length: 4 }, () => "403 access/denied"));
  expectStatus(
    await manager.api.put(`/v1/members/${target.memberId}/object-groups`, { groupIds: [groups.G] }),
    200,
  );
  expect([said(await put([])), said(await patch([groups.G]))]).toEqual(["200", "200"]);
});

test("a removal with If-Match succeeds while priced calls go on: its own block is no conflict", async () => {
  const { owner: boss, toolId } = agency;
  const pending = async () =>
    Number(await env.DB.prepare("SELECT count(*) AS n FROM charge WHERE status = 'pending'").first("n"));
  const probe = await createSubAccount(fetch, boss, "specialist", [toolId]);
  // The step after which a call has accepted what it has not paid.
  let accepted = 0;
  while (accepted < 8 && (await pending()) === 0)
    await createTask(probe.api.via(fetchCrashingAt((accepted += 1), true)), toolId).catch(() => undefined);
  const member = await createSubAccount(fetch, boss, "specialist", [toolId]);
  const statusOf = () =>
    env.DB.prepare("SELECT status FROM member WHERE id = ?").bind(member.memberId).first<string>("status");
  const tag = (await boss.api.get(`/v1/members/${member.memberId}`)).headers.get("etag") ?? "";
  let calls = 0;
  const disturbed = fetchInSteps({
    before: async () => {
      if ((await statusOf()) !== "active" || (calls += 1) > 60) return;
      await createTask(member.api.via(fetchCrashingAt(accepted, true)), toolId).catch(() => undefined);
    },
  });
  const answer = await boss.api
    .via(disturbed)
    .del(`/v1/members/${member.memberId}?tasks=delete`, { ifMatch: tag });
  expect([said(answer), await statusOf(), calls > 3]).toEqual(["204", null, true]);
});

describe("hooks", () => {
  test("are a hundred at most, when they are made at once too", async () => {
    const { api, accountId, memberId } = await createSubscribedAccount(platform, "team");
    await newHook(api);
    await env.DB.prepare(`
      INSERT INTO hook
        (id, account_id, member_id, name, scheme, secret, secret_at, mapping, created_at, updated_at)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 98)
      SELECT 'hok_x' || ?2 || i, ?1, ?2, 'x', 'standard', 's', 1, '{}', 1, 1 FROM n`)
      .bind(accountId, memberId)
      .run();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        api.post(
          "/v1/hooks",
          { name: "x", scheme: "standard", mapping: JOIN_MAPPING },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    );
    expect(answers.map(said).sort()).toEqual([
      "201",
      ...Array.from({ length: 4 }, () => "409 conflict/state"),
    ]);
  });

  test("leave no person's data in the clear in the trail", async () => {
    const then = {
      action: "invite",
      email: { value: "nina-mapped@example.com" },
      firstName: { value: "Ninafirst" },
      lastName: { value: "Ninalast" },
      externalId: { value: "nina-ext" },
      position: "ninaposition",
      department: "ninadep",
      roles: ["viewer"],
    };
    const when = { type: "x", equals: [{ pointer: "/email", value: "nina-secret@example.com" }] };
    expectStatus(
      await owner.api.post(
        "/v1/hooks",
        { name: "Nina's shop", scheme: "standard", mapping: { typeAt: "/type", rules: [{ when, then }] } },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    );
    expectStatus(await owner.api.get("/v1/audit"), 200);
    const { results } = await env.DB.prepare("SELECT body FROM audit_event WHERE account_id = ?")
      .bind(owner.accountId)
      .all<{ body: string }>();
    expect(results.length).toBeGreaterThan(0);
    expect(JSON.stringify(results).match(/nina[\w-]*/gi) ?? []).toEqual([]);
  });
});
