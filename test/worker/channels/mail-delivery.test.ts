import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import worker from "../../../src/index.ts";
import { deliverWaitingMails, sweepMails } from "../../../src/channels/mail/delivery.queue.ts";
import {
  ATTEMPTS_MAX,
  FAILED_TTL_MS,
  LEASE_MS,
  retryDelayMs,
  SENT_TTL_MS,
  pruneMails,
} from "../../../src/channels/mail/outbox.store.ts";
import { invitationToken, signInCode, signInToken } from "../../../src/channels/mail/one-time-token.ts";
import { createMessageBatch } from "cloudflare:test";
import {
  db,
  deliverMessages,
  makeDue,
  newOutgoingMail,
  readOutboxRow,
  mailEnvTo,
  enqueueWithoutQueue,
} from "./mail-fixture.ts";

afterEach(() => env.DB.prepare("DELETE FROM mail_outbox").run());
const refusal = new Error("E_DELIVERY_FAILED");

describe("S1.3: a letter is sent once", () => {
  test("however often its message comes", async () => {
    const out = newOutgoingMail();
    const letter = await enqueueWithoutQueue();
    for (let round = 0; round < 3; round += 1)
      expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }, { id: letter.id }])).toEqual({
        acked: 2,
        retried: [],
      });
    expect(out.sent.map(({ to }) => to)).toEqual([letter.to]);
    expect(await readOutboxRow(letter)).toMatchObject({
      attempts: 1,
      sent_at: expect.any(Number),
      failed_at: null,
      error: null,
    });
  });

  test("by whichever of many senders comes first", async () => {
    const out = newOutgoingMail();
    const letters = await Promise.all(Array.from({ length: 25 }, () => enqueueWithoutQueue()));
    const ids = letters.map(({ id }) => ({ id }));
    await Promise.all([
      deliverMessages(mailEnvTo(out), ids),
      deliverMessages(mailEnvTo(out), ids.toReversed()),
      deliverWaitingMails(mailEnvTo(out)),
      sweepMails(mailEnvTo(out)),
      deliverWaitingMails(mailEnvTo(out)),
    ]);
    expect(out.sent.map(({ to }) => to).sort()).toEqual(letters.map(({ to }) => to).sort());
  });

  test("though another sender asks for it while it is on its way", async () => {
    const out = newOutgoingMail();
    const letter = await enqueueWithoutQueue();
    out.meanwhile = async () => {
      const { held_until: heldUntil } = await readOutboxRow(letter);
      expect(heldUntil - Date.now()).toBeGreaterThan(LEASE_MS / 2);
      await deliverWaitingMails(mailEnvTo(out));
    };
    await deliverWaitingMails(mailEnvTo(out));
    expect(out.sent.length).toBe(1);
  });
});

test("a crash between sending and marking sends once more, within the limit of tries", async () => {
  const out = newOutgoingMail();
  const letter = await enqueueWithoutQueue();
  const crashing = { ...mailEnvTo(out), DB: withoutBatch() };
  for (let round = 0; round < ATTEMPTS_MAX + 3; round += 1) {
    await deliverWaitingMails(crashing).catch(() => undefined);
    await makeDue(letter);
  }
  expect(out.sent.length).toBe(ATTEMPTS_MAX);
  expect(await readOutboxRow(letter)).toMatchObject({ sent_at: null, failed_at: null });
  await sweepMails(mailEnvTo(out));
  expect(await readOutboxRow(letter)).toMatchObject({
    failed_at: expect.any(Number),
    error: "no sender came back",
  });
  expect(out.sent.length).toBe(ATTEMPTS_MAX);
});

/** A database that takes letters out and marks nothing, as when the process ends after the mail has left. */
const withoutBatch = (): D1Database =>
  new Proxy(env.DB, {
    get: (target, name) => {
      if (name === "batch") return () => Promise.reject(new Error("the process is gone"));
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

describe("a sender that fails", () => {
  test("is tried again, later each time, and then given up with its reason", async () => {
    const out = newOutgoingMail();
    out.fails = () => refusal;
    const letter = await enqueueWithoutQueue();
    for (let attempt = 1; attempt < ATTEMPTS_MAX; attempt += 1) {
      expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toEqual({
        acked: 0,
        retried: [retryDelayMs(attempt) / 1000],
      });
      expect(await readOutboxRow(letter)).toMatchObject({
        attempts: attempt,
        sent_at: null,
        failed_at: null,
        error: String(refusal),
      });
      expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toEqual({ acked: 1, retried: [] });
      await makeDue(letter);
    }
    expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toEqual({ acked: 1, retried: [] });
    await makeDue(letter);
    out.fails = () => null;
    await sweepMails(mailEnvTo(out));
    expect(await readOutboxRow(letter)).toMatchObject({
      attempts: ATTEMPTS_MAX,
      sent_at: null,
      failed_at: expect.any(Number),
      error: String(refusal),
    });
    expect(out.sent).toEqual([]);
  });

  test("that comes back sends what waited", async () => {
    const out = newOutgoingMail();
    out.fails = () => refusal;
    const letter = await enqueueWithoutQueue();
    await deliverMessages(mailEnvTo(out), [{ id: letter.id }]);
    await makeDue(letter);
    out.fails = () => null;
    expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toEqual({ acked: 1, retried: [] });
    expect(await readOutboxRow(letter)).toMatchObject({
      attempts: 2,
      sent_at: expect.any(Number),
      error: null,
    });
  });

  test("fails for one address only: the others of its batch are sent", async () => {
    const out = newOutgoingMail();
    const letters = await Promise.all(Array.from({ length: 5 }, () => enqueueWithoutQueue()));
    const bad = letters[2]?.to;
    out.fails = ({ to }) => (to === bad ? refusal : null);
    await env.DB.prepare(
      "INSERT INTO mail_outbox (id, letter, created_at) VALUES ('mal_broken', '{\"template\":\"none\"}', 1)",
    ).run();
    const bodies = [{ id: "mal_broken" }, ...letters.map(({ id }) => ({ id }))];
    expect(await deliverMessages(mailEnvTo(out), bodies)).toEqual({
      acked: 4,
      retried: [retryDelayMs(1) / 1000, retryDelayMs(1) / 1000],
    });
    expect(out.sent.map(({ to }) => to).sort()).toEqual(
      letters
        .map(({ to }) => to)
        .filter((to) => to !== bad)
        .sort(),
    );
  });

  test("that never answers is not waited for longer than the letter is held", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const out = newOutgoingMail();
      const letter = await enqueueWithoutQueue();
      out.meanwhile = () => {
        queueMicrotask(() => void vi.advanceTimersByTimeAsync(LEASE_MS / 2));
        return new Promise(() => undefined);
      };
      expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toMatchObject({ acked: 0 });
      expect((await readOutboxRow(letter)).error).toContain("not sent within");
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a database that fails leaves every message for another try", async () => {
  const out = newOutgoingMail();
  const letter = await enqueueWithoutQueue();
  const broken = {
    ...mailEnvTo(out),
    DB: new Proxy(env.DB, {
      get: () => () => {
        throw new Error("no database");
      },
    }),
  };
  expect(await deliverMessages(broken, [{ id: letter.id }])).toEqual({ acked: 0, retried: [2] });
  expect(out.sent).toEqual([]);
});

test("a message that names no letter goes to the dead queue with its reason", async () => {
  const out = newOutgoingMail();
  const letter = await enqueueWithoutQueue();
  expect(
    await deliverMessages(mailEnvTo(out), ["hello", { id: letter.id }, { id: "mal_unknown" }, null]),
  ).toEqual({
    acked: 2,
    retried: [0, 0],
  });
  expect(out.sent.length).toBe(1);
  const id = crypto.randomUUID();
  const dead = createMessageBatch("tollgate-mail-dead", [
    { id, timestamp: new Date(), attempts: 1, body: "hello" },
  ]);
  await worker.queue(dead, env);
  expect(
    await env.DB.prepare("SELECT queue, reason, body FROM dead_letter WHERE id = ?").bind(id).first(),
  ).toEqual({ queue: "tollgate-mail-dead", reason: "retries exhausted", body: '"hello"' });
});

test("what is no longer good is not sent", async () => {
  const out = newOutgoingMail();
  const letter = await enqueueWithoutQueue({
    template: "sign_in",
    signInId: "sgn_1",
    kid: "test-1",
    expiresAt: Date.now() - 1,
  });
  expect(await deliverMessages(mailEnvTo(out), [{ id: letter.id }])).toEqual({ acked: 1, retried: [] });
  expect([out.sent, await readOutboxRow(letter)]).toMatchObject([
    [],
    { failed_at: expect.any(Number), error: expect.stringContaining("expired") },
  ]);
});

test("the sweep sends what a crash left, and removes what is past its time, and nothing else", async () => {
  const out = newOutgoingMail();
  const [left, fresh, sent, failed] = [
    await enqueueWithoutQueue(),
    await enqueueWithoutQueue(),
    await enqueueWithoutQueue(),
    await enqueueWithoutQueue(),
  ];
  await env.DB.prepare("UPDATE mail_outbox SET held_until = ?, attempts = 1 WHERE id = ?")
    .bind(Date.now() + LEASE_MS, fresh.id)
    .run();
  const at = Date.now();
  await env.DB.batch([
    env.DB.prepare("UPDATE mail_outbox SET created_at = 1, sent_at = ? WHERE id = ?").bind(
      at - SENT_TTL_MS - 1,
      sent.id,
    ),
    env.DB.prepare("UPDATE mail_outbox SET created_at = 1, failed_at = ? WHERE id = ?").bind(
      at - FAILED_TTL_MS - 1,
      failed.id,
    ),
  ]);
  const kept = await Promise.all([enqueueWithoutQueue(), enqueueWithoutQueue()]);
  await env.DB.prepare("UPDATE mail_outbox SET created_at = 1, sent_at = ? WHERE id = ?")
    .bind(at - SENT_TTL_MS + 60_000, kept[0].id)
    .run();
  await env.DB.prepare("UPDATE mail_outbox SET created_at = 1, failed_at = ? WHERE id = ?")
    .bind(at - FAILED_TTL_MS + 60_000, kept[1].id)
    .run();
  await sweepMails(mailEnvTo(out));
  expect(out.sent.map(({ to }) => to)).toEqual([left.to]);
  await pruneMails(db, at);
  const { results } = await env.DB.prepare("SELECT id FROM mail_outbox").all<{ id: string }>();
  expect(results.map(({ id }) => id).sort()).toEqual([left, fresh, ...kept].map(({ id }) => id).sort());
});

test("no token and no code is in the outbox or in the audit trail", async () => {
  const [invitationId, signInId, kid] = [
    "inv_01JD00000000000000000000AA",
    "sgn_01JD00000000000000000000AA",
    "test-1",
  ];
  const expiresAt = Date.now() + 60_000;
  const out = newOutgoingMail();
  await env.DB.prepare(`
    INSERT INTO account (
      id, kind, name, owner_member_id, plan, subscription, settings, created_at, updated_at)
    VALUES ('acc_1', 'vendor', 'A', 'mem_1', '{}', '{}', '{}', 1, 1)`).run();
  const { to } = await enqueueWithoutQueue({
    template: "invitation",
    invitationId,
    kid,
    sendCount: 1,
    inviter: "Ada",
    roles: [],
    login: null,
    expiresAt,
  });
  const { token } = invitationToken(env.SIGNING_KEYS, kid, invitationId, 1);
  await env.DB.prepare(`
    INSERT INTO invitation (
      id, account_id, kind, status, email, token_hash, expires_at, send_count, invited_by,
      created_at, updated_at)
    VALUES (?, 'acc_1', 'email', 'pending', ?, ?, ?, 1, 'mem_1', 1, 1)`)
    .bind(invitationId, to, "0".repeat(64), expiresAt)
    .run();
  await enqueueWithoutQueue({ template: "sign_in", signInId, kid, expiresAt });
  await deliverWaitingMails(mailEnvTo(out));
  const secrets = [
    token,
    signInToken(env.SIGNING_KEYS, kid, signInId).token.split(".")[1] ?? "",
    signInCode(env.SIGNING_KEYS, kid, signInId),
  ];
  const mails = JSON.stringify(out.sent).replaceAll(" ", "");
  const tables = await Promise.all(
    ["mail_outbox", "audit_outbox", "audit_event", "call_log"].map((table) =>
      env.DB.prepare(`SELECT * FROM ${table}`).all(),
    ),
  );
  expect(secrets.map((secret) => [mails.includes(secret), JSON.stringify(tables).includes(secret)])).toEqual(
    secrets.map(() => [true, false]),
  );
});

test("Cloudflare's own binding takes what is sent, for any name of a person", async () => {
  const letters = await Promise.all([
    enqueueWithoutQueue({
      template: "joined",
      by: "invitation",
      memberId: "mem_1",
      account: "Студия «Север»\r\nBcc: everybody@example.com",
      name: "\u{1F389}".repeat(300),
      email: "ann@example.com",
    }),
    enqueueWithoutQueue({
      template: "access_changed",
      memberId: "mem_1",
      by: "\u202e<i>",
      account: "\u0000\u202e<b>",
      language: "ru",
    }),
  ]);
  await deliverWaitingMails({ ...env, DEV_MAIL: "off" });
  expect(await Promise.all(letters.map(readOutboxRow))).toMatchObject([
    { error: null, sent_at: expect.any(Number) },
    { error: null, sent_at: expect.any(Number) },
  ]);
});

test("a mail comes from the address of the configuration, with headers only where they belong", async () => {
  const out = newOutgoingMail();
  const letter = await enqueueWithoutQueue({ account: "A\r\nBcc: everybody@example.com" });
  await deliverWaitingMails(mailEnvTo(out, { MAIL_FROM: "gate@nord.example" }));
  expect(out.sent).toMatchObject([
    {
      from: { email: "gate@nord.example", name: "Tollgate" },
      to: letter.to,
      subject: "Your access to A Bcc: everybody@example\u200c.\u200ccom was changed",
    },
  ]);
  expect(Object.keys(out.sent[0]?.headers ?? {})).toEqual(["List-Unsubscribe", "List-Unsubscribe-Post"]);
});
