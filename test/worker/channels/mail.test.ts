import { env } from "cloudflare:workers";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../../src/app.ts";
import type { Env } from "../../../src/env.ts";
import { deliverWaitingMails } from "../../../src/channels/mail/delivery.queue.ts";
import { type Api, api, type Fetch, newIdempotencyKey, expectStatus } from "../../harness/client.ts";
import { codeOf, lastMail, mailsTo, tokenOf } from "../../harness/mailbox.ts";
import type { Person } from "../../harness/people.ts";
import {
  fetch,
  createPlatform,
  HOME_IP,
  comparableRefusal,
  createSubscribedAccount,
} from "../access/operators-fixture.ts";
import { addSignedInMember } from "../people/sign-in-fixture.ts";

let platform: Api;
let owner: Person;
beforeAll(async () => {
  platform = await createPlatform();
  owner = await createSubscribedAccount(platform, "team");
});

/** A gate that is configured otherwise. */
const gateWith =
  (more: Partial<Env>): Fetch =>
  async (path, init) => {
    const headers = new Headers(init?.headers);
    headers.set("cf-connecting-ip", HOME_IP);
    const context = createExecutionContext();
    const answer = await app.fetch(
      new Request(`http://127.0.0.1:8787${path}`, { ...init, headers } as never),
      { ...env, ...more },
      context,
    );
    await waitOnExecutionContext(context);
    return answer as unknown as Response;
  };

let people = 0;
const person = (more: object = {}) => ({
  email: `person-${(people += 1)}@example.com`,
  firstName: "Ann",
  lastName: "Arbor",
  roles: ["member"],
  ...more,
});
const outboxOf = async (to: string) =>
  (
    await env.DB.prepare(
      "SELECT attempts, sent_at, failed_at, error FROM mail_outbox WHERE letter->>'to' = ?",
    )
      .bind(to)
      .all<{ attempts: number; sent_at: number | null; error: string | null }>()
  ).results;

describe("S4.12: a new member", () => {
  test("is mailed where that is wanted, and not otherwise", async () => {
    const [quiet, told, dry] = [person(), person({ notify: true }), person({ notify: true, dryRun: true })];
    for (const [one, status] of [
      [quiet, 201],
      [told, 201],
      [dry, 200],
    ] as const)
      expectStatus(await owner.api.post("/v1/members", one), status);
    expect([
      await mailsTo(fetch, quiet.email),
      (await mailsTo(fetch, told.email)).length,
      await mailsTo(fetch, dry.email),
    ]).toEqual([[], 1, []]);
  });

  test("S1.3: once for each Idempotency-Key, with link, account, inviter and role", async () => {
    const command = { idempotencyKey: newIdempotencyKey() };
    const one = person({ notify: true, email: "Ann@Example.com" });
    await Promise.all(["one", "two", "three"].map(() => owner.api.post("/v1/members", one, command)));
    expectStatus(await owner.api.post("/v1/members", one, command), 201);
    const mails = await mailsTo(fetch, "ann@example.com");
    expect(mails.map(({ template }) => template)).toEqual(["invitation"]);
    const mail = await lastMail(fetch, "ann@example.com", "invitation");
    const { account, member } = expectStatus(
      await owner.api.get<{ account: { name: string }; member: { username: string } }>("/v1/me"),
      200,
    ).body;
    for (const part of [account.name, member.username, "Member", mail.link ?? "none"])
      expect(mail.text).toContain(part);
    expect(mail.link).toMatch(/^http:\/\/127\.0\.0\.1:8787\/accept#token=/);
    expect(tokenOf(mail)).toMatch(/^[\w-]{43}$/);
    expect(await outboxOf("ann@example.com")).toMatchObject([{ attempts: 1, error: null }]);
  });

  test("is mailed by the queue, without any further call", async () => {
    const one = person({ notify: true });
    expectStatus(await owner.api.post("/v1/members", one), 201);
    await expect
      .poll(async () => (await outboxOf(one.email)).map(({ sent_at: sentAt }) => sentAt !== null), {
        timeout: 20_000,
      })
      .toEqual([true]);
  });

  test("is written to in the language that is theirs, else the account's", async () => {
    const russian = person({ notify: true, language: "ru" });
    expectStatus(await owner.api.post("/v1/members", russian), 201);
    expect((await lastMail(fetch, russian.email)).subject).toMatch(/ приглашает вас в /);
  });

  test("is made though no mail can be sent, and the mail comes later", async () => {
    const one = person({ notify: true });
    const EMAIL = { send: () => Promise.reject(new Error("E_INTERNAL")) } as unknown as SendEmail;
    const MAIL = { send: () => Promise.reject(new Error("no queue")) } as unknown as Queue;
    const failing = gateWith({ EMAIL, MAIL, DEV_MAIL: "off" });
    const { id } = expectStatus(
      await owner.api.via(failing).post<{ id: string }>("/v1/members", one),
      201,
    ).body;
    await deliverWaitingMails({ ...env, EMAIL, DEV_MAIL: "off" });
    expect(await outboxOf(one.email)).toMatchObject([
      { attempts: 1, sent_at: null, failed_at: null, error: "Error: E_INTERNAL" },
    ]);
    expect(expectStatus(await owner.api.get<{ status: string }>(`/v1/members/${id}`), 200).body.status).toBe(
      "new",
    );
    await env.DB.prepare("UPDATE mail_outbox SET held_until = 0").run();
    expect((await mailsTo(fetch, one.email)).map(({ template }) => template)).toEqual(["invitation"]);
  });
});

test.each<[string, (id: string) => Promise<{ status: number }>, number]>([
  ["taken back", (id) => owner.api.del(`/v1/invitations/${id}`), 0],
  ["sent again", (id) => owner.api.post(`/v1/invitations/${id}/resend`), 1],
])("the mail of an invitation that was %s meanwhile does not leave", async (_, change, left) => {
  const one = person({ notify: true });
  const without = gateWith({ MAIL: { send: async () => undefined } as unknown as Queue });
  const { invitationId } = expectStatus(
    await owner.api.via(without).post<{ invitationId: string }>("/v1/members", one),
    201,
  ).body;
  // It is sent once a minute at most.
  await env.DB.prepare("UPDATE invitation SET mail_at = 1 WHERE id = ?").bind(invitationId).run();
  expect((await change(invitationId)).status).toBeLessThan(300);
  const mails = await mailsTo(fetch, one.email);
  expect([
    mails.length,
    (await outboxOf(one.email)).filter(({ error }) => error !== null).map(({ error }) => error),
  ]).toEqual([left, ["Error: the invitation was accepted, taken back or sent again before"]]);
});

test("a sign-in mail has the code that it shows, grouped, and a link", async () => {
  const email = "platform@example.com";
  expectStatus(await api(fetch, null).post("/v1/auth/codes", { email }), 202);
  const mail = await lastMail(fetch, email, "sign_in");
  const code = codeOf(mail);
  expect(mail.text).toContain(`${code.slice(0, 4)} ${code.slice(4)}`);
  expect(mail.link).toMatch(/\/sign-in#token=sgn_\w{26}\.[\w-]{43}$/);
});

describe("the local mailbox", () => {
  const unknown = async (at: Fetch) => comparableRefusal(await api(at, null).get("/dev/no-such-page"));
  test.each<[string, Partial<Env>]>([
    ["where DEV_MAIL is off", { DEV_MAIL: "off" }],
    ["without DEV_MAIL", { DEV_MAIL: undefined as never }],
    ["with another word", { DEV_MAIL: "true" }],
    ["where the gate is public", { ISSUER: "https://gate.example" }],
    ["where a name only looks local", { ISSUER: "http://127.0.0.1.example.com" }],
    ["where an issuer is none", { ISSUER: "localhost" }],
    ["in a network", { ISSUER: "http://192.168.1.10:8787" }],
  ])("%s is a path like any unknown one, and nothing is kept", async (_, more) => {
    const one = person({ notify: true });
    const closed = gateWith({ ...more, MAIL: { send: async () => undefined } as unknown as Queue });
    expectStatus(await owner.api.via(closed).post("/v1/members", one), 201);
    for (const path of ["/dev/mail", "/dev/mail?to=a@example.com", "/dev/mail/mal_1"])
      expect(comparableRefusal(await api(closed, null).get(path))).toBe(await unknown(closed));
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM dev_mail WHERE recipient = ?")
        .bind(one.email)
        .first("n"),
    ).toBe(0);
  });

  test.each(["http://127.0.0.1:8787", "http://localhost:1", "http://[::1]:8787", "http://gate.localhost"])(
    "is open at %s",
    async (ISSUER) => {
      expectStatus(await api(gateWith({ ISSUER }), null).get("/dev/mail"), 200);
    },
  );

  test("answers pages, the newest first, and says what it does not know", async () => {
    const to = "pages@example.com";
    for (let count = 0; count < 3; count += 1) {
      await env.DB.prepare("INSERT INTO dev_mail VALUES (?, ?, 'security', ?, 't', 'h', null, null, ?)")
        .bind(`mal_${count}`, to, `${count}`, count)
        .run();
    }
    const page = async (query: string) =>
      expectStatus(
        await api(fetch, null).get<{ data: { subject: string }[]; nextCursor: string | null }>(
          `/dev/mail?to=${to}&limit=2${query}`,
        ),
        200,
      ).body;
    const first = await page("");
    const second = await page(`&cursor=${first.nextCursor}`);
    expect([
      first.data.map(({ subject }) => subject),
      second.data.map(({ subject }) => subject),
      second.nextCursor,
    ]).toEqual([["2", "1"], ["0"], null]);
    for (const query of ["limit=0", "limit=x", "cursor=%00", "who=me"])
      expect((await api(fetch, null).get(`/dev/mail?${query}`)).status, query).toBe(422);
  });

  test("shows mails to a browser, without letting them run or fetch anything", async () => {
    await env.DB.prepare(
      `INSERT INTO dev_mail VALUES ('mal_9', '<b>@example.com', 'security', '<script>alert(1)</script>',
        't', '<p>hello</p><script>alert(1)</script>', null, null, 9)`,
    ).run();
    const html = { headers: { accept: "text/html,application/xhtml+xml" } };
    const [list, mail] = [await fetch("/dev/mail", html), await fetch("/dev/mail/mal_9", html)];
    for (const answer of [list, mail]) {
      expect(answer.headers.get("content-security-policy")).toMatch(
        /^default-src 'none'; style-src 'unsafe-inline'; .*sandbox /,
      );
      expect(answer.headers.get("content-security-policy")).not.toMatch(
        /script-src|allow-scripts|allow-same-origin|img-src/,
      );
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    }
    expect(await list.text()).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(await mail.text()).toContain("<p>hello</p>");
    expect(
      expectStatus(await api(fetch, null).get<{ subject: string }>("/dev/mail/mal_9"), 200).body.subject,
    ).toBe("<script>alert(1)</script>");
  });
});

describe("S4.9: notices", () => {
  /** A member whose address is confirmed: no other gets notices. */
  const joined = async () => {
    const { id: memberId, ...who } = await addSignedInMember(owner);
    return { ...who, memberId };
  };
  type Joined = Awaited<ReturnType<typeof joined>>;
  const settings = async (who: Joined) =>
    expectStatus(await who.api.get<{ member: { id: string } }>("/v1/me"), 200).body.member.id;
  const notifications = async (id: string) =>
    expectStatus(await owner.api.get<{ notifications: object; version: number }>(`/v1/members/${id}`), 200)
      .body;
  const linkOf = (mail: { text: string }) => /unsubscribe#token=(\S+)/.exec(mail.text)?.[1] ?? "";
  const change = async (who: Joined, rights: string[]) => {
    const path = `/v1/members/${who.memberId}`;
    const etag = expectStatus(await owner.api.get(path), 200).headers.get("etag") ?? "";
    expectStatus(await owner.api.patch(path, { rights }, { ifMatch: etag }), 200);
  };

  test("tell of a change of access, until the link in one of them is used", async () => {
    const who = await joined();
    const { email } = who;
    await change(who, ["audit.view"]);
    const notice = await lastMail(fetch, email, "access_changed");
    for (const _ of ["first", "again"])
      expectStatus(await api(fetch, null).post("/v1/unsubscribe", { token: linkOf(notice) }), 204);
    expect(await notifications(await settings(who))).toMatchObject({
      notifications: { unsubscribed: true, access: true },
    });
    const events = expectStatus(
      await owner.api.get<{ data: { action: string; actor: { memberId: string } }[] }>("/v1/audit?limit=5"),
      200,
    ).body.data;
    expect(
      events.filter(({ action, actor }) => action === "member.edit" && actor.memberId === who.memberId)
        .length,
    ).toBe(1);
    await change(who, []);
    expect((await mailsTo(fetch, email)).filter(({ template }) => template === "access_changed").length).toBe(
      1,
    );
    expectStatus(await who.api.get("/v1/me"), 200);
  });

  test("end by one click of a mail program, with any body", async () => {
    for (const [type, body] of [
      ["application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"],
      ["multipart/form-data; boundary=x", "--x--"],
      [null, undefined],
    ] as const) {
      const who = await joined();
      const { email } = who;
      await change(who, ["audit.view"]);
      const token = linkOf(await lastMail(fetch, email, "access_changed"));
      const answer = await fetch(`/v1/unsubscribe/${token}`, {
        method: "POST",
        ...(type === null ? {} : { headers: { "content-type": type }, body }),
      });
      expect([answer.status, (await notifications(who.memberId)).notifications]).toMatchObject([
        204,
        { unsubscribed: true },
      ]);
    }
  });

  test("do not end by a link that was altered, or of another or no member", async () => {
    const [one, other] = [await joined(), await joined()];
    await change(one, ["audit.view"]);
    const { email } = one;
    const [id = "", secret = ""] = linkOf(await lastMail(fetch, email, "access_changed")).split(".");
    expect(id).toBe(one.memberId);
    const wrong = [
      `${other.memberId}.${secret}`,
      `${id}.${secret.slice(1)}`,
      id,
      `${id}.`,
      secret,
      ".",
      "'; --",
      `mem_01JD0000000000000000000000.${secret}`,
    ];
    const answers = new Set<string>();
    expect((await fetch(`/v1/unsubscribe/${id}.${secret}?nonsense=1`, { method: "POST" })).status).toBe(422);
    for (const token of wrong) {
      answers.add(comparableRefusal(await api(fetch, null).post("/v1/unsubscribe", { token })));
      expect(
        (await fetch(`/v1/unsubscribe/${encodeURIComponent(token)}`, { method: "POST" })).status,
        token,
      ).toBe(404);
    }
    expect([answers.size, [...answers][0]?.slice(0, 4)]).toEqual([1, "[404"]);
    for (const { memberId } of [one, other])
      expect((await notifications(memberId)).notifications).toMatchObject({ unsubscribed: false });
  });

  test("leave no token in the call log", async () => {
    const token = `mem_01JD0000000000000000000000.${"s".repeat(43)}`;
    await fetch(`/v1/unsubscribe/${token}`, { method: "POST" });
    await expect
      .poll(
        async () =>
          env.DB.prepare("SELECT count(*) AS n FROM call_log WHERE path = '/v1/unsubscribe/…'").first("n"),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0);
    expect(
      await env.DB.prepare("SELECT count(*) AS n FROM call_log WHERE path LIKE '%ssss%'").first("n"),
    ).toBe(0);
  });
});
