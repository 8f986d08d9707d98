import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../../src/kernel/id.ts";
import { CONTEXT, NO_LIMIT, newLedger, outcomeOf } from "./ledger-fixture.ts";

let { accountId, object, spend, grant, events, rowsOf } = newLedger();
beforeEach(() => {
  ({ accountId, object, spend, grant, events, rowsOf } = newLedger());
});

describe("spending", () => {
  test("S4.21 of 200 parallel spends of 1 on a limit of 50, exactly 50 succeed", async () => {
    await grant(1_000);
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => spend(`k${index}`, 1, { limit: 50 })),
    );
    expect(replies.filter((reply) => outcomeOf(reply) === "spent").length).toBe(50);
    expect(replies.filter((reply) => outcomeOf(reply) === "member_limit_exceeded").length).toBe(150);
    expect(await object.summary(accountId, "mem_1", { limit: 50, limitPeriod: "lifetime" })).toMatchObject({
      balance: 950,
      spent: 50,
      remaining: 0,
    });
  });

  test("S4.23 of 200 parallel spends of 1 without a limit, as many succeed as credits exist", async () => {
    await grant(50);
    const replies = await Promise.all(Array.from({ length: 200 }, (_, index) => spend(`k${index}`, 1)));
    expect(replies.filter((reply) => outcomeOf(reply) === "spent").length).toBe(50);
    expect(replies.filter((reply) => outcomeOf(reply) === "insufficient_balance").length).toBe(150);
  });

  test("S4.22 two members, one balance, each with own numbers", async () => {
    await grant(10);
    await spend("k", 4);
    await spend("k", 3, { key: "mem_2:k", memberId: "mem_2" });
    expect(await object.summary(accountId, "mem_1", NO_LIMIT)).toMatchObject({
      balance: 3,
      available: 3,
      spent: 4,
      remaining: 3,
    });
    expect(await object.summary(accountId, "mem_2", { limit: 5, limitPeriod: "month" })).toMatchObject({
      balance: 3,
      spent: 3,
      remaining: 2,
    });
  });

  test("S4.21 the same key again, 50 at once: charged once, and all hear the first answer", async () => {
    await grant(10);
    const replies = await Promise.all(Array.from({ length: 50 }, () => spend("same", 2)));
    const posted = replies.map((reply) => (reply.kind === "recorded" ? reply.posted.id : reply.kind));
    expect(new Set(posted).size).toBe(1);
    expect(replies.filter((reply) => reply.kind === "recorded" && !reply.replayed).length).toBe(1);
    expect((await object.summary(accountId, "mem_1", NO_LIMIT)).balance).toBe(8);
  });

  test("S4.21 a refusal is replayed too, when the spend would by then succeed", async () => {
    await grant(10);
    const first = await spend("k", 5, { limit: 4 });
    const again = await spend("k", 5, { limit: 100 });
    expect(outcomeOf(first)).toBe("member_limit_exceeded");
    expect(again).toEqual({
      ...first,
      replayed: true,
      posted: { ...(first as { posted: object }).posted, fingerprint: expect.any(String) },
    });
  });

  test("a write that storage refuses half way leaves nothing in the ledger or in memory", async () => {
    await grant(10);
    await spend("k1", 1);
    await runInDurableObject(object, (instance, state) => {
      state.storage.sql.exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON member BEGIN SELECT RAISE(ABORT, 'full'); END",
      );
      const command = {
        op: "spend" as const,
        key: "mem_1:k2",
        memberId: "mem_1",
        amount: 2,
        description: null,
        ...NO_LIMIT,
        subscriptionActive: true,
        settles: false,
      };
      expect(() => instance.spend(accountId, command, CONTEXT)).toThrow("full");
      state.storage.sql.exec("DROP TRIGGER refuse");
    });
    expect(await object.summary(accountId, "mem_1", NO_LIMIT)).toMatchObject({ balance: 9, spent: 1 });
    await spend("k2", 3);
    expect((await events()).map(({ ledgerSeq, cost }) => [ledgerSeq, cost])).toEqual([
      [1, null],
      [2, 1],
      [3, 3],
    ]);
    expect(await object.summary(accountId, "mem_1", NO_LIMIT)).toMatchObject({ balance: 6, spent: 4 });
  });

  test("another command under a used key is refused and changes nothing", async () => {
    await grant(10);
    await spend("k", 5);
    expect(await spend("k", 4)).toEqual({ kind: "key_reused" });
    expect((await object.summary(accountId, "mem_1", NO_LIMIT)).balance).toBe(5);
  });

  test("an inactive subscription is refused, not remembered, and the key is free for later", async () => {
    await grant(10);
    expect(await spend("k", 5, { subscriptionActive: false })).toMatchObject({
      kind: "subscription_inactive",
      required: 5,
      remaining: 10,
    });
    expect((await events()).length).toBe(1);
    expect(outcomeOf(await spend("k", 5))).toBe("spent");
  });

  test("refusals leave balance and spent as they were, and the ledger does not list them", async () => {
    await grant(10);
    await spend("a", 3, { limit: 5 });
    const before = await object.summary(accountId, "mem_1", { limit: 5, limitPeriod: "lifetime" });
    await spend("b", 3, { limit: 5 });
    await spend("c", 11);
    expect(await object.summary(accountId, "mem_1", { limit: 5, limitPeriod: "lifetime" })).toEqual(before);
    expect((await object.entries(accountId, null, null, 100)).map(({ amount }) => amount)).toEqual([-3, 10]);
    expect((await events()).map(({ outcome, reason, cost }) => [outcome, reason, cost].join())).toEqual([
      "success,,",
      "success,,3",
      "denied,credits/member-limit-exceeded,0",
      "denied,credits/insufficient-balance,0",
    ]);
  });

  test("an object asked in another account's name answers nothing", async () => {
    await grant(10);
    const other = newId("account", Date.now());
    await runInDurableObject(object, (instance) =>
      expect(() => instance.summary(other, "mem_1", NO_LIMIT)).toThrow("one account"),
    );
  });
});

describe("what is kept", () => {
  test("S4.22 an eviction loses nothing: balance, spent, keys, threads, head", async () => {
    await grant(10, { priority: 1 });
    await grant(20, { expiresAt: Date.now() + 86_400_000 });
    await spend("k", 12);
    await object.sealed(accountId, { seq: 7, hash: "h7", ledgerSeq: 2 });
    const limit = { limit: 15, limitPeriod: "week" } as const;
    const all = () =>
      Promise.all([
        object.summary(accountId, "mem_1", limit),
        object.entries(accountId, null, null, 100),
        object.entries(accountId, "mem_1", null, 100),
        object.sealedHead(accountId),
        events(),
      ]);
    const before = await all();
    await evictDurableObject(object);
    expect(await all()).toEqual(before);
    expect(await spend("k", 12)).toMatchObject({ kind: "recorded", replayed: true });
    expect(await spend("k", 11)).toEqual({ kind: "key_reused" });
    expect((await object.summary(accountId, "mem_1", limit)).balance).toBe(18);
  });

  test("S4.22 Σ entries = balance after a storm of everything", async () => {
    await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        index % 6 === 0
          ? grant(7)
          : spend(`k${index % 50}`, 1 + (index % 4), { limit: index % 3 === 0 ? 20 : null }),
      ),
    );
    const entries = await object.entries(accountId, null, null, 1_000);
    const { balance, spent } = await object.summary(accountId, "mem_1", NO_LIMIT);
    expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(balance);
    expect(-entries.filter(({ kind }) => kind === "spend").reduce((sum, { amount }) => sum + amount, 0)).toBe(
      spent,
    );
    expect((await events()).map(({ ledgerSeq }) => ledgerSeq)).toEqual(
      Array.from({ length: (await events()).length }, (_, index) => index + 1),
    );
  });

  test("the ledger pages, of all and of one member; another member's cursor leads nowhere", async () => {
    await grant(100);
    for (let index = 0; index < 6; index++) {
      await spend(`k${index}`, 1, index % 2 === 0 ? {} : { key: `mem_2:k${index}`, memberId: "mem_2" });
      await spend(`r${index}`, 1, { limit: 0 });
    }
    const whole = await object.entries(accountId, null, null, 100);
    expect(whole.map(({ kind }) => kind)).toEqual([...Array.from({ length: 6 }, () => "spend"), "grant"]);
    const own = await object.entries(accountId, "mem_1", null, 100);
    expect(own).toEqual(whole.filter(({ memberId }) => memberId === "mem_1"));
    const first = await object.entries(accountId, "mem_1", null, 2);
    expect([...first, ...(await object.entries(accountId, "mem_1", first[1]?.seq ?? 0, 100))]).toEqual(own);
    const foreign = whole.find(({ memberId }) => memberId === "mem_2")?.seq ?? 0;
    expect(await object.entries(accountId, "mem_1", foreign, 100)).toEqual([]);
    expect(await object.entries(accountId, null, 9_999, 100)).toEqual([]);
  });

  test("the newest sealed head is kept, in any order of arrival", async () => {
    expect(await object.sealedHead(accountId)).toBeNull();
    for (let index = 0; index < 4; index += 1) await grant(1);
    await object.sealed(accountId, { seq: 5, hash: "h5", ledgerSeq: 0 });
    await object.sealed(accountId, { seq: 9, hash: "h9", ledgerSeq: 4 });
    await object.sealed(accountId, { seq: 7, hash: "h7", ledgerSeq: 3 });
    await object.sealed(accountId, { seq: 9, hash: "forged", ledgerSeq: 8 });
    expect(await object.sealedHead(accountId)).toEqual({ seq: 9, hash: "h9", ledgerSeq: 4 });
  });

  test("K17 105 payments are one lot, each with an entry that names it, after an eviction too", async () => {
    for (let index = 0; index < 104; index += 1) await grant(2);
    await evictDurableObject(object);
    const last = await grant(2);
    const entries = await object.entries(accountId, null, null, 1_000);
    expect([
      entries.length,
      new Set(entries.map(({ lotId }) => lotId)).size,
      entries.every(({ amount }) => amount === 2),
    ]).toEqual([105, 1, true]);
    expect(last).toMatchObject({ posted: { balance: 210, lotId: entries.at(-1)?.lotId } });
    expect(outcomeOf(await spend("k", 209))).toBe("spent");
    await evictDurableObject(object);
    expect(await object.summary(accountId, "mem_1", NO_LIMIT)).toMatchObject({ balance: 1, available: 1 });
  });

  test("K17 a thousand lots: no more rows a spend, small entries, no lot more, eviction too", async () => {
    const command = {
      op: "grant" as const,
      kind: "top_up" as const,
      amount: 2,
      effectiveAt: null,
      expiresAt: null,
    };
    await runInDurableObject(object, (instance) => {
      for (let priority = 0; priority < 1_000; priority += 1)
        instance.grant(accountId, { ...command, key: `g${priority}`, priority }, CONTEXT);
    });
    expect(await grant(1, { priority: 1_001 })).toEqual({ kind: "too_many_lots" });
    expect(outcomeOf(await grant(2, { priority: 7 }))).toBe("granted");
    expect(await rowsOf(() => spend("first", 1))).toBe(3);
    for (let index = 0; index < 60; index += 1) await spend(`k${index}`, 3);
    await evictDurableObject(object);
    expect(await object.summary(accountId, "mem_1", NO_LIMIT)).toMatchObject({
      balance: 2_002 - 181,
      spent: 181,
    });
    expect(await rowsOf(() => spend("last", 2_002 - 181))).toBe(3);
    const sizes = await runInDurableObject(object, (_, { storage }) =>
      storage.sql
        .exec<{ size: number }>("SELECT length(remainders) AS size FROM entry WHERE seq > 1000 ORDER BY size")
        .toArray()
        .map(({ size }) => size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toBeLessThan(1_500);
    expect((await object.summary(accountId, "mem_1", NO_LIMIT)).balance).toBe(0);
  });
});
