import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { logCall } from "../../../src/audit/chain/call-log.queue.ts";
import type { AuditMessage, CallLogRow } from "../../../src/audit/chain/event.ts";
import { notifyAuditQueue } from "../../../src/audit/chain/outbox.store.ts";
import {
  CALL_LOG_TTL_MS,
  DEAD_LETTER_TTL_MS,
  pruneAudit,
  sweepAudit,
} from "../../../src/audit/chain/sweep.store.ts";
import { firstIdAt, newId } from "../../../src/kernel/id.ts";
import { IDEMPOTENCY_TTL_MS } from "../../../src/kernel/http/idempotency.ts";
import {
  db,
  deliverMessages,
  deliverBatch,
  createEntries,
  newEvent,
  findFault,
  readHead,
  ledgers,
  newAccountId,
  stagedMessage,
  outboxSize,
  sealStaged,
  readSealedIds,
  stageEvents,
  sealingContext,
} from "./audit-fixture.ts";

let accountId: string;
beforeEach(() => {
  accountId = newAccountId();
});

const call = (more: Partial<CallLogRow> = {}): CallLogRow => ({
  id: newId("call", Date.now()),
  accountId,
  at: Date.now(),
  memberId: "mem_1",
  apiKeyId: null,
  method: "GET",
  path: "/v1/me",
  status: 200,
  code: null,
  ip: "192.0.2.7",
  userAgent: "test",
  requestId: newId("request", Date.now()),
  callerRequestId: null,
  ...more,
});
const count = async (table: string, where = "1", ...values: unknown[]) =>
  env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`)
    .bind(...values)
    .first<number>("n");
const message = (id: string, body: unknown) => ({ id, timestamp: new Date(), attempts: 1, body });

describe("a message that cannot be used", () => {
  test.each<[string, unknown]>([
    ["text", "hello"],
    ["nothing", null],
    ["an unknown kind", { kind: "x" }],
    ["an entry too few members", { kind: "entries", accountId: "acc_1", events: [{}] }],
    ["a nudge without an account", { kind: "staged" }],
    ["calls that are none", { kind: "calls", calls: "all" }],
  ])("%s is kept with its reason and blocks no other", async (_, poison) => {
    const [events] = [await stageEvents(accountId, 2)];
    const id = crypto.randomUUID();
    const made = createMessageBatch("tollgate-audit", [
      message(id, poison),
      message(`${id}-good`, stagedMessage(accountId)),
    ]);
    expect(await deliverBatch(made)).toEqual({ acked: 2, retried: 0 });
    expect(await readSealedIds(accountId)).toEqual(events.map((one) => one.id));
    const letter = await env.DB.prepare("SELECT queue, reason, body FROM dead_letter WHERE id = ?")
      .bind(id)
      .first();
    expect(letter).toMatchObject({ queue: "tollgate-audit", body: JSON.stringify(poison) });
    expect(letter?.["reason"]).toMatch(/^malformed: /);
  });

  test("a message whose retries are exhausted is kept once, however often it comes", async () => {
    const id = crypto.randomUUID();
    for (let round = 0; round < 2; round += 1) {
      expect(
        await deliverBatch(
          createMessageBatch("tollgate-audit-dead", [message(id, stagedMessage(accountId))]),
        ),
      ).toEqual({ acked: 1, retried: 0 });
    }
    expect(
      (await env.DB.prepare("SELECT queue, reason, body FROM dead_letter WHERE id = ?").bind(id).all())
        .results,
    ).toEqual([
      {
        queue: "tollgate-audit-dead",
        reason: "retries exhausted",
        body: JSON.stringify(stagedMessage(accountId)),
      },
    ]);
  });

  test("a chain that cannot grow holds up no other account", async () => {
    const broken = newAccountId();
    await stageEvents(broken, 2);
    await sealStaged(broken);
    await env.DB.prepare("DELETE FROM audit_head WHERE account_id = ?").bind(broken).run();
    await Promise.all([stageEvents(broken, 1), stageEvents(accountId, 2)]);
    expect(
      await deliverMessages([
        stagedMessage(broken),
        stagedMessage(accountId),
        { kind: "calls", calls: [call()] },
      ]),
    ).toEqual({
      acked: 2,
      retried: 1,
    });
    expect([
      await outboxSize(broken),
      await outboxSize(accountId),
      await count("call_log", "account_id = ?", accountId),
    ]).toEqual([1, 0, 1]);
  });
});

describe("the call log", () => {
  test("calls are kept once, in any order and number of deliveries", async () => {
    const calls = Array.from({ length: 90 }, () => call());
    for (let round = 0; round < 2; round += 1) {
      expect(
        await deliverMessages([
          { kind: "calls", calls: calls.slice(0, 50) },
          { kind: "calls", calls: calls.slice(40) },
        ]),
      ).toEqual({ acked: 2, retried: 0 });
    }
    expect(await count("call_log", "account_id = ?", accountId)).toBe(90);
  });

  test("rows of many calls travel in few messages, none is lost and none is doubled", async () => {
    const sent: AuditMessage[] = [];
    const work: Promise<unknown>[] = [];
    const rows = Array.from({ length: 100 }, () => call());
    for (const row of rows)
      logCall(
        row,
        async (one) => sent.push(one),
        (promise) => work.push(promise),
      );
    await Promise.all(work);
    const calls = sent.flatMap((one) => (one.kind === "calls" ? one.calls : []));
    expect(calls.map((row) => row.id)).toEqual(rows.map((row) => row.id));
    expect(sent.length).toBe(3);
  });

  test("it never throws, and goes on after a queue that fails and a request that died", async () => {
    const work: Promise<unknown>[] = [];
    logCall(
      call(),
      () => Promise.reject(new Error("no queue")),
      (promise) => work.push(promise),
    );
    await Promise.all(work);
    vi.useFakeTimers();
    try {
      logCall(
        call({ at: 1_000 }),
        async () => undefined,
        () => {
          throw new Error("no context");
        },
      );
      logCall(
        call({ at: 1_001 }),
        async () => undefined,
        () => undefined,
      );
      vi.clearAllTimers();
      const [sent, later]: [AuditMessage[], Promise<unknown>[]] = [[], []];
      logCall(
        call({ at: 9_000, path: "/".padEnd(9_000, "x") }),
        async (one) => sent.push(one),
        (promise) => later.push(promise),
      );
      await vi.runAllTimersAsync();
      await Promise.all(later);
      const calls = sent.flatMap((one) => (one.kind === "calls" ? one.calls : []));
      expect(calls.map((row) => row.at)).toEqual([1_000, 1_001, 9_000]);
      expect(calls[2]?.path.length).toBe(500);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("what a crash left behind", () => {
  test("the sweep seals every outbox, a broken one holds up no other", async () => {
    const accountIds = Array.from({ length: 12 }, newAccountId);
    await Promise.all(accountIds.map((id) => stageEvents(id, 2)));
    const deaf = (id: string) =>
      id === accountIds[3]
        ? ({ ...ledgers(id), sealedHead: () => Promise.reject(new Error("gone")) } as never)
        : ledgers(id);
    await sweepAudit({ ...sealingContext, ledgers: deaf });
    expect(await Promise.all(accountIds.map(outboxSize))).toEqual(
      accountIds.map((_, index) => (index === 3 ? 2 : 0)),
    );
    await sweepAudit(sealingContext);
    expect(
      await Promise.all(accountIds.map(async (id) => [await outboxSize(id), await findFault(id)])),
    ).toEqual(accountIds.map(() => [0, null]));
  });

  test("a sweep and a consumer meet: each event is sealed once", async () => {
    const events = await stageEvents(accountId, 30);
    await Promise.all([
      sweepAudit(sealingContext),
      deliverMessages([stagedMessage(accountId)]),
      sweepAudit(sealingContext),
      sealStaged(accountId),
    ]);
    await sweepAudit(sealingContext);
    expect((await readSealedIds(accountId)).sort()).toEqual(events.map((one) => one.id).sort());
    expect(await findFault(accountId)).toBeNull();
  });

  test("a queue that takes nothing fails no change", async () => {
    const dead = { send: () => Promise.reject(new Error("no queue")) } as unknown as Queue;
    await expect(notifyAuditQueue(dead, accountId, [newEvent(accountId)])).resolves.toBeUndefined();
  });

  test("a change in another account's chain is announced there too", async () => {
    const sent: AuditMessage[] = [];
    const other = newAccountId();
    await notifyAuditQueue(
      { send: async (one: AuditMessage) => void sent.push(one) } as unknown as Queue,
      accountId,
      [newEvent(accountId), newEvent(other), newEvent(other)],
    );
    expect(sent).toEqual([stagedMessage(accountId), stagedMessage(other)]);
  });

  test("entries that no message carried are sealed when the trail is read", async () => {
    const all = await createEntries(accountId, 3);
    expect(await readHead(accountId)).toBeNull();
    await sealStaged(accountId);
    expect(await readSealedIds(accountId)).toEqual(all.map((one) => one.id));
  });
});

test("what is past its time is removed, and nothing else", async () => {
  const at = Date.UTC(2030, 0, 31);
  await env.DB.prepare(`
    INSERT INTO account
      (id, kind, name, owner_member_id, plan, subscription, settings, created_at, updated_at)
    VALUES (?, 'vendor', 'A', 'mem_1', '{}', '{}', '{}', 1, 1)`)
    .bind(accountId)
    .run();
  const aged = (age: number, more: Partial<CallLogRow> = {}) =>
    call({ id: firstIdAt("call", at - age), at: at - age, ...more });
  const calls = [
    aged(CALL_LOG_TTL_MS - 1),
    aged(CALL_LOG_TTL_MS + 1),
    aged(CALL_LOG_TTL_MS + 1, { accountId: "" }),
    aged(0, { accountId: "" }),
  ];
  await env.DB.batch([
    ...calls.map((row) =>
      env.DB.prepare(
        "INSERT INTO call_log VALUES (?, ?, ?, 'm', null, 'GET', '/', 200, null, null, null, 'r', null)",
      ).bind(row.accountId, row.id, row.at),
    ),
    ...[IDEMPOTENCY_TTL_MS - 1, IDEMPOTENCY_TTL_MS + 1].map((age) =>
      env.DB.prepare("INSERT INTO idempotency VALUES (?, ?, 'f', 200, '{}', ?)").bind(
        accountId,
        `${age}`,
        at - age,
      ),
    ),
    ...[DEAD_LETTER_TTL_MS - 1, DEAD_LETTER_TTL_MS + 1].map((age) =>
      env.DB.prepare("INSERT INTO dead_letter VALUES (?, 'q', 'r', 'b', ?)").bind(
        `${accountId}-${age}`,
        at - age,
      ),
    ),
  ]);
  await pruneAudit(db, at);
  const left = await Promise.all(
    calls.map((row) => count("call_log", "account_id = ? AND id = ?", row.accountId, row.id)),
  );
  expect(left).toEqual([1, 0, 0, 1]);
  expect(await count("idempotency", "principal = ?", accountId)).toBe(1);
  expect(await count("dead_letter", "id LIKE ?", `${accountId}-%`)).toBe(1);
});
