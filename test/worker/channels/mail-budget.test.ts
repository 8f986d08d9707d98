import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sweepMails } from "../../../src/channels/mail/delivery.queue.ts";
import { type Api, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import { newMember, type Person } from "../../harness/people.ts";
import { acceptInvitation } from "../people/invitations-fixture.ts";
import { fetch, createPlatform, said, createSubscribedAccount } from "../access/operators-fixture.ts";
import { addSignedInMember, readRow, newEmail } from "../people/sign-in-fixture.ts";

let platform: Api;
let team: Person;
let vendor: Person;
beforeAll(async () => {
  platform = await createPlatform();
  [team, vendor] = [
    await createSubscribedAccount(platform, "team"),
    await createSubscribedAccount(platform, "vendor"),
  ];
});

const ANY = { ifMatch: "*" };
/** But for what tells a member that a key was taken in their name. */
const kinds = async (email: string): Promise<string[]> =>
  (await mailsTo(fetch, email))
    .filter(({ subject }) => !/^An API key of yours .* claimed$/.test(subject))
    .map(({ template, subject }) =>
      template === "security" ? subject.replace(/ Account \d+$/, "") : template,
    );
const waiting = (email: string) =>
  readRow(
    `SELECT count(*) AS n, max(not_before - created_at) AS pause FROM mail_outbox
      WHERE letter->>'to' = ? AND sent_at IS NULL AND failed_at IS NULL`,
    email,
  );
/** As if the pause after the last mail had passed. */
const letLeave = async (email: string) => {
  await env.DB.prepare("UPDATE mail_outbox SET not_before = 0 WHERE letter->>'to' = ? AND sent_at IS NULL")
    .bind(email)
    .run();
  await sweepMails(env);
};
const rights = (by: Person, id: string, list: readonly string[]) =>
  by.api.patch(`/v1/members/${id}`, { rights: list }, ANY);

/** A member with a key, whose card another wrote: the address is a stranger's. */
const stranger = async (owner: Person, more: object = {}) => {
  const email = newEmail();
  return {
    ...(await newMember(fetch, owner, {
      email,
      roles: owner === vendor ? ["operator"] : ["member"],
      ...more,
    })),
    email,
  };
};

describe("K5 a stranger whose address is on a card gets no notice", () => {
  test.each<[string, () => Person, (id: string, turn: number) => Promise<{ status: number }>]>([
    [
      "25 changes of rights",
      () => team,
      (id, turn) => rights(team, id, turn % 2 === 0 ? ["audit.view"] : []),
    ],
    [
      "25 changes of grants",
      () => vendor,
      (id, turn) =>
        vendor.api.put(`/v1/members/${id}/grants`, {
          grants: turn % 2 === 0 ? [{ resourceType: "analytics", resourceId: "0", access: "view" }] : [],
        }),
    ],
    [
      "25 changes of roles",
      () => team,
      (id, turn) =>
        team.api.patch(`/v1/members/${id}`, { roles: [turn % 2 === 0 ? "viewer" : "member"] }, ANY),
    ],
  ])("after %s", async (_, owner, change) => {
    const { email, memberId } = await stranger(owner());
    for (let turn = 0; turn < 25; turn += 1) expect((await change(memberId, turn)).status).toBe(200);
    expect([await kinds(email), (await waiting(email))?.["n"]]).toEqual([[], 0]);
  });

  test("when an invited person joins, where the inviter's address is unconfirmed", async () => {
    const { email, api } = await stranger(team, { roles: ["admin"] });
    const inviter = { ...team, api };
    await addSignedInMember(inviter);
    expect(await kinds(email)).toEqual([]);
  });

  test("while the member gets it at the sign-in address", async () => {
    const [member, elsewhere] = [await addSignedInMember(team), newEmail()];
    expectStatus(await team.api.patch(`/v1/members/${member.id}`, { email: elsewhere }, ANY), 200);
    expectStatus(await rights(team, member.id, ["audit.view"]), 200);
    expect([await kinds(elsewhere), (await kinds(member.email)).slice(0, 1)]).toEqual([
      ["confirm_email"],
      ["access_changed"],
    ]);
  });
});

describe("K5 the first change leaves at once, those of the next minute leave as one mail", () => {
  test("which names the member who made them, and none when there were several", async () => {
    const [member, other] = [
      await addSignedInMember(team),
      await addSignedInMember(team, { roles: ["admin"] }),
    ];
    const notices = async () =>
      (await mailsTo(fetch, member.email))
        .filter(({ template }) => template === "access_changed")
        .map(({ text }) => /^(.+) changed what/m.exec(text)?.[1]);
    const change = async (by: Api, list: readonly string[]) =>
      expectStatus(await by.patch(`/v1/members/${member.id}`, { rights: list }, ANY), 200);
    await change(team.api, ["audit.view"]);
    expect(await notices()).toEqual(["Olga Owner"]);
    for (const list of [[], ["audit.view"], []]) await change(team.api, list);
    expect([await notices(), await waiting(member.email)]).toEqual([
      ["Olga Owner"],
      { n: 1, pause: expect.any(Number) },
    ]);
    expect(Number((await waiting(member.email))?.["pause"])).toBeGreaterThan(0);
    await letLeave(member.email);
    expect(await notices()).toEqual(["Olga Owner", "Olga Owner"]);
    await change(team.api, ["audit.view"]);
    await change(other.api, []);
    await letLeave(member.email);
    expect(await notices()).toEqual(["Several members", "Olga Owner", "Olga Owner"]);
  });
});

describe("K5 what others cause is counted", () => {
  const count = (email: string) =>
    readRow("SELECT count(*) AS n FROM mail_outbox WHERE letter->>'to' = ? AND failed_at IS NOT NULL", email);

  test("a notice over the quota is not sent, and its change is made", async () => {
    const member = await addSignedInMember(team);
    for (let turn = 0; turn < 10; turn += 1)
      expectStatus(
        await team.api.post(
          `/v1/members/${member.id}/api-keys`,
          { name: "k" },
          { idempotencyKey: newIdempotencyKey() },
        ),
        201,
      );
    expect(
      said(
        await team.api.post(
          `/v1/members/${member.id}/api-keys`,
          { name: "k" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("429 quota-exceeded");
    expect(said(await rights(team, member.id, ["audit.view"]))).toBe("200");
    expect([(await kinds(member.email)).includes("access_changed"), await count(member.email)]).toEqual([
      false,
      { n: 1 },
    ]);
    // No quota suppresses a security mail.
    expectStatus(await team.api.post(`/v1/members/${member.id}/block`), 200);
    expect((await kinds(member.email))[0]).toBe("You were blocked in");
  });

  test("so notices leave none of the day's mails for invitations", async () => {
    const member = await addSignedInMember(team);
    for (let turn = 0; turn < 10; turn += 1) {
      expectStatus(await rights(team, member.id, turn % 2 === 0 ? ["audit.view"] : []), 200);
      await letLeave(member.email);
    }
    expect((await kinds(member.email)).filter((kind) => kind === "access_changed").length).toBe(10);
    expect(
      said(
        await team.api.post(
          `/v1/members/${member.id}/api-keys`,
          { name: "k" },
          { idempotencyKey: newIdempotencyKey() },
        ),
      ),
    ).toBe("429 quota-exceeded");
    const other = await createSubscribedAccount(platform, "team");
    const invited = await other.api.post(
      "/v1/invitations",
      { email: member.email, firstName: "A", lastName: "B", roles: ["member"] },
      { idempotencyKey: newIdempotencyKey() },
    );
    expect(said(invited)).toBe("429 quota-exceeded");
  });
});

describe("K16 an invitation that is moved from a mistyped address", () => {
  const GONE = "404 not-found";
  const invite = async () => {
    const email = newEmail();
    const made = expectStatus(
      await team.api.post<{ id: string; memberId: string }>(
        "/v1/invitations",
        { email, firstName: "N", lastName: "N", role: "member" },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    return { ...made, email, token: tokenOf(await lastMail(fetch, email, "invitation")) };
  };
  const move = (id: string, email: string) => team.api.patch(`/v1/members/${id}`, { email }, ANY);

  test("ends its old link at once, and the mail leaves when it may", async () => {
    const [{ memberId, email: old, token }, right] = [await invite(), newEmail()];
    expectStatus(await move(memberId, right), 200);
    expect([
      said(await acceptInvitation(token)),
      await kinds(right),
      Number((await waiting(right))?.["pause"]) > 0,
    ]).toEqual([GONE, [], true]);
    await letLeave(right);
    expectStatus(await acceptInvitation(tokenOf(await lastMail(fetch, right, "invitation"))), 200);
    expect(await kinds(old)).toEqual(["invitation"]);
  });

  test("twice within the minute sends one mail, to the last address", async () => {
    const [{ memberId, id }, wrong, right] = [await invite(), newEmail(), newEmail()];
    for (const email of [wrong, right]) expectStatus(await move(memberId, email), 200);
    // A resend waits for the same minute.
    expect(said(await team.api.post(`/v1/invitations/${id}/resend`))).toBe("429 quota-exceeded");
    for (const email of [wrong, right]) await letLeave(email);
    expect([await kinds(wrong), await kinds(right)]).toEqual([[], ["invitation"]]);
  });

  test("and whose member is blocked then sends none, and no link is good", async () => {
    const [{ memberId, token }, wrong, right] = [await invite(), newEmail(), newEmail()];
    expectStatus(await move(memberId, wrong), 200);
    expectStatus(
      await team.api.patch(`/v1/members/${memberId}`, { email: right, loginAllowed: false }, ANY),
      200,
    );
    for (const email of [wrong, right]) await letLeave(email);
    expect([said(await acceptInvitation(token)), await kinds(wrong), await kinds(right)]).toEqual([
      GONE,
      [],
      [],
    ]);
  });
});

test("K16 the platform raises an account's mails a day, in both trails and on the card", async () => {
  const fresh = await createSubscribedAccount(platform, "team");
  const path = `/v1/accounts/${fresh.accountId}`;
  const card = async () =>
    expectStatus(await fresh.api.get<{ mailsPerDay: number }>(path), 200).body.mailsPerDay;
  const invite = () =>
    fresh.api.post(
      "/v1/invitations",
      { email: newEmail(), firstName: "A", lastName: "B", role: "member" },
      { idempotencyKey: newIdempotencyKey() },
    );
  const set = (by: Api, mailsPerDay: number) => by.put(`${path}/mail-quota`, { mailsPerDay });
  expect([
    await card(),
    said(await set(fresh.api, 1_000)),
    said(await fresh.api.patch(path, { mailsPerDay: 1_000 }, ANY)),
  ]).toEqual([500, "403 access/denied", "422 validation"]);
  expectStatus(await set(platform, 1), 200);
  expect([said(await invite()), said(await invite())]).toEqual(["201", "429 quota-exceeded"]);
  const member = await newMember(fetch, fresh, { roles: ["member"] });
  expect(said(await rights(fresh, member.memberId, ["audit.view"]))).toBe("200");
  expect((await invite()).headers.get("ratelimit-policy")).toBe('"mails-of";q=1;w=86400');
  expectStatus(await set(platform, 2), 200);
  expect([said(await invite()), said(await invite()), await card()]).toEqual([
    "201",
    "429 quota-exceeded",
    2,
  ]);
  for (const who of [fresh.api, platform]) {
    const { data } = expectStatus(
      await who.get<{ data: { action: string; changes: object }[] }>(
        "/v1/audit?limit=5&action=account.manage",
      ),
      200,
    ).body;
    expect(data[0]).toMatchObject({ changes: { before: { mailsPerDay: 1 }, after: { mailsPerDay: 2 } } });
  }
  for (const wrong of [-1, 1.5, 1_000_001, null, "9"])
    expect(said(await set(platform, wrong as number))).toBe("422 validation");
});

describe("K5 security mails", () => {
  const BLOCKED = "You were blocked in";
  const toggle = async (id: string) => {
    for (const verb of ["block", "unblock"])
      expectStatus(await team.api.post(`/v1/members/${id}/${verb}`), 200);
  };

  test("go to the sign-in address and the card's, once a day of a kind if unconfirmed", async () => {
    const [member, elsewhere] = [await addSignedInMember(team), newEmail()];
    expectStatus(await team.api.patch(`/v1/members/${member.id}`, { email: elsewhere }, ANY), 200);
    for (let turn = 0; turn < 3; turn += 1) {
      await toggle(member.id);
      for (const email of [member.email, elsewhere]) await letLeave(email);
    }
    const told = async (email: string) => (await kinds(email)).filter((kind) => kind === BLOCKED).length;
    expect([await told(member.email), await told(elsewhere)]).toEqual([3, 1]);
    expectStatus(await team.api.del(`/v1/members/${member.id}`), 204);
    for (const email of [member.email, elsewhere])
      expect((await kinds(email))[0]).toBe("You are no longer a member of");
  });

  test("one address gets one of a kind a day, from however many members and accounts", async () => {
    const { email, memberId } = await stranger(team);
    await toggle(memberId);
    const other = await createSubscribedAccount(platform, "team");
    const { memberId: again } = await stranger(other, { email });
    expectStatus(await other.api.post(`/v1/members/${again}/block`), 200);
    expectStatus(await other.api.del(`/v1/members/${again}`), 204);
    expect((await kinds(email)).sort()).toEqual(["You are no longer a member of", BLOCKED]);
  });

  test("come to members who unsubscribed, and not to those who never came in", async () => {
    const [quiet, email] = [await addSignedInMember(team), newEmail()];
    expectStatus(await quiet.api.patch("/v1/me/notifications", { unsubscribed: true }), 200);
    expectStatus(
      await team.api.patch(`/v1/members/${quiet.id}`, { loginAllowed: false, rights: ["audit.view"] }, ANY),
      200,
    );
    expect((await kinds(quiet.email)).filter((kind) => kind !== "sign_in")).toEqual([BLOCKED]);
    const { id } = expectStatus(
      await team.api.post<{ id: string }>(
        "/v1/members",
        { email, firstName: "N", lastName: "N", roles: ["member"] },
        { idempotencyKey: newIdempotencyKey() },
      ),
      201,
    ).body;
    expectStatus(await team.api.post(`/v1/members/${id}/block`), 200);
    expectStatus(await team.api.del(`/v1/members/${id}`), 204);
    expect(await kinds(email)).toEqual([]);
  });
});
