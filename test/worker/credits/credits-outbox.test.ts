import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AuditMessage } from "../../../src/audit/chain/event.ts";
import { CONTEXT, NO_LIMIT, newLedger } from "./ledger-fixture.ts";

let { accountId, object, spend, grant, events, alarmAt, intercepted, recorded, rowsOf } = newLedger();
beforeEach(() => {
  ({ accountId, object, spend, grant, events, alarmAt, intercepted, recorded, rowsOf } = newLedger());
});

const seqsOf = (sent: readonly AuditMessage[]) =>
  sent.flatMap((message) =>
    message.kind === "entries" ? message.events.map(({ ledgerSeq }) => ledgerSeq) : [],
  );

describe("the way to the trail", () => {
  test("an entry is its own audit event", async () => {
    await grant(10);
    const reply = await spend("k", 4, { description: "for Ann" });
    const id = reply.kind === "recorded" ? reply.posted.id : "";
    const [granted, paid] = await events();
    expect(granted).toMatchObject({
      action: "credits.grant",
      cost: null,
      changes: { before: { balance: 0 }, after: { balance: 10, kind: "top_up", amount: 10 } },
      ledgerSeq: 1,
    });
    expect(paid).toMatchObject({
      id: `evt_${id.slice(4)}`,
      accountId,
      action: "credits.spend",
      resource: { type: "credits", id },
      outcome: "success",
      reason: null,
      cost: 4,
      actor: CONTEXT.actor,
      origin: CONTEXT.origin,
      changes: { before: { balance: 10 }, after: { balance: 6 } },
      ledgerSeq: 2,
    });
    expect(JSON.stringify(paid)).not.toContain("Ann");
  });

  test("the alarm sends again what is not sealed, and stays set until it is", () =>
    recorded(async (sent) => {
      await grant(10);
      await spend("k", 1);
      await expect.poll(() => seqsOf(sent), { timeout: 20_000 }).toEqual([1, 2]);
      sent.length = 0;
      await object.sealed(accountId, { seq: 1, hash: "h", ledgerSeq: 1 });
      await runDurableObjectAlarm(object);
      expect(sent).toMatchObject([{ kind: "entries", accountId, events: [{ ledgerSeq: 2 }] }]);
      expect(await alarmAt()).not.toBeNull();
      await object.sealed(accountId, { seq: 2, hash: "h", ledgerSeq: 2 });
      await runDurableObjectAlarm(object);
      expect(sent.length).toBe(1);
      expect(await alarmAt()).toBeNull();
    }));

  test("what an eviction kept from being sent, the alarm sends", () =>
    recorded(async () => {
      await grant(10);
      await evictDurableObject(object);
      await recorded(async (sent) => {
        expect(await runDurableObjectAlarm(object)).toBe(true);
        expect(sent).toMatchObject([{ events: [{ ledgerSeq: 1 }] }]);
      });
    }));

  test("an alarm that cannot send does not throw and is set again, later each time", async () => {
    const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await grant(10);
    await intercepted(
      () => Promise.reject(new Error("no queue")),
      async () => {
        for (const wanted of [20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000, 600_000]) {
          const before = Date.now();
          await runDurableObjectAlarm(object);
          const at = (await alarmAt()) ?? 0;
          expect(at).toBeGreaterThanOrEqual(before + wanted);
          expect(at).toBeLessThanOrEqual(Date.now() + wanted);
        }
      },
    );
    expect(silenced).toHaveBeenCalled();
    silenced.mockRestore();
  });

  test("the alarm ends a lot when no command comes", async () => {
    await grant(5);
    await grant(10, { expiresAt: Date.now() + 1_000 });
    await expect
      .poll(() => object.summary(accountId, "mem_1", NO_LIMIT), { timeout: 20_000 })
      .toMatchObject({ balance: 5 });
    // Whether by now or by itself before: it goes off.
    await runDurableObjectAlarm(object);
    await expect.poll(events, { timeout: 20_000 }).toMatchObject([
      {},
      {},
      {
        action: "credits.expire",
        actor: { type: "system" },
        changes: { before: { balance: 15 }, after: { balance: 5 } },
      },
    ]);
  });

  test("after the reply entries go out packed, each once and in order", () =>
    recorded(async (sent) => {
      await grant(300);
      await Promise.all(Array.from({ length: 250 }, (_, index) => spend(`k${index}`, 1)));
      await expect.poll(() => seqsOf(sent).length, { timeout: 20_000 }).toBe(251);
      expect(seqsOf(sent)).toEqual(Array.from({ length: 251 }, (_, index) => index + 1));
      expect(
        Math.max(...sent.map((message) => (message.kind === "entries" ? message.events.length : 0))),
      ).toBeLessThanOrEqual(100);
    }));
});

describe("what it costs", () => {
  test("a spend writes 3 rows; a first one and its alarm 4 at most", () =>
    recorded(async () => {
      const rows: Record<string, number> = {};
      rows["first grant"] = await rowsOf(() => grant(1_000));
      rows["spend"] = await rowsOf(() => spend("k", 1));
      rows["refused spend"] = await rowsOf(() => spend("r", 1, { limit: 0 }));
      rows["replayed spend"] = await rowsOf(() => spend("k", 1));
      rows["summary"] = await rowsOf(() => object.summary(accountId, "mem_1", NO_LIMIT));
      rows["100 spends"] = await rowsOf(() =>
        Promise.all(Array.from({ length: 100 }, (_, index) => spend(`s${index}`, 1))),
      );
      await object.sealed(accountId, { seq: 103, hash: "h", ledgerSeq: 103 });
      await runDurableObjectAlarm(object);
      rows["lone spend with its alarm"] = await rowsOf(() => spend("lone", 1));
      process.stdout.write(`rows written: ${JSON.stringify(rows)}\n`);
      expect(rows).toMatchObject({
        spend: 3,
        "refused spend": 2,
        "replayed spend": 0,
        summary: 0,
        "100 spends": 300,
        "lone spend with its alarm": 4,
      });
    }));
});
