import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { sealAccount } from "../../../src/audit/chain/sealing.store.ts";
import { openDb } from "../../../src/kernel/db.ts";
import {
  entriesMessage,
  deliverMessages,
  deliverBatch,
  createEntries,
  findFault,
  readHead,
  ledgers,
  fakeLedger,
  newAccountId,
  stagedMessage,
  outboxSize,
  readSealedIds,
  stageEvents,
  sealingContext,
} from "./audit-fixture.ts";

let accountId: string;
beforeEach(() => {
  accountId = newAccountId();
});

/** Each event is in the chain once, nothing waits, the object holds the head, and the chain verifies. */
async function expectSealed(ids: readonly string[]): Promise<void> {
  expect((await readSealedIds(accountId)).sort()).toEqual([...ids].sort());
  expect(await outboxSize(accountId)).toBe(0);
  expect(await ledgers(accountId).sealedHead(accountId)).toEqual(await readHead(accountId));
  expect(await findFault(accountId)).toBeNull();
}
const idsOf = (...lists: { id: string }[][]) => lists.flat().map((one) => one.id);

describe("S1.38 each event is sealed once, in any order and number of deliveries", () => {
  test("staged events and ledger entries become one chain", async () => {
    const [a, b] = [await stageEvents(accountId, 5), await createEntries(accountId, 5)];
    expect(await deliverMessages([stagedMessage(accountId), entriesMessage(b)])).toEqual({
      acked: 2,
      retried: 0,
    });
    await expectSealed(idsOf(a, b));
  });

  test("two consumers, and eight more, seal the same events at the same time", async () => {
    const [a, b] = [await stageEvents(accountId, 20), await createEntries(accountId, 20)];
    const results = await Promise.all(
      Array.from({ length: 10 }, () => deliverMessages([stagedMessage(accountId), entriesMessage(b)])),
    );
    expect(results).toEqual(results.map(() => ({ acked: 2, retried: 0 })));
    await expectSealed(idsOf(a, b));
  });

  test("consumers race while events are still being staged", async () => {
    const lists = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const list = await stageEvents(accountId, 3);
        await deliverMessages([stagedMessage(accountId)]);
        return list;
      }),
    );
    await deliverMessages([stagedMessage(accountId)]);
    await expectSealed(idsOf(...lists));
  });

  test("a batch is delivered three times", async () => {
    const [a, b] = [await stageEvents(accountId, 3), await createEntries(accountId, 3)];
    const made = () =>
      createMessageBatch(
        "tollgate-audit",
        [stagedMessage(accountId), entriesMessage(b)].map((body, index) => ({
          id: `m${index}`,
          timestamp: new Date(),
          attempts: 1,
          body,
        })),
      );
    for (let round = 0; round < 3; round += 1)
      expect(await deliverBatch(made())).toEqual({ acked: 2, retried: 0 });
    await expectSealed(idsOf(a, b));
  });

  test("messages arrive in the wrong order", async () => {
    const b = await createEntries(accountId, 9);
    for (const part of [b.slice(6), b.slice(0, 3), b.slice(3, 6)])
      expect(await deliverMessages([entriesMessage(part)])).toEqual({ acked: 1, retried: 0 });
    expect(await readSealedIds(accountId)).toEqual(idsOf(b));
    await expectSealed(idsOf(b));
  });

  test("a message is lost: the next one has its gap filled from the object", async () => {
    const b = await createEntries(accountId, 6);
    await deliverMessages([entriesMessage(b.slice(0, 2))]);
    await deliverMessages([entriesMessage(b.slice(4))]);
    expect(await readSealedIds(accountId)).toEqual(idsOf(b));
    await expectSealed(idsOf(b));
  });

  test("entries that overlap with sealed ones are taken from where the chain ends", async () => {
    const b = await createEntries(accountId, 6);
    await deliverMessages([entriesMessage(b.slice(0, 4)), entriesMessage(b.slice(2, 5))]);
    await deliverMessages([entriesMessage(b.slice(1))]);
    await expectSealed(idsOf(b));
  });

  test("the object does not hear of the new head: the message is tried again and tells it", async () => {
    const b = await createEntries(accountId, 2);
    const deaf = fakeLedger(accountId, { sealed: () => Promise.reject(new Error("gone")) });
    expect(await deliverMessages([entriesMessage(b)], deaf)).toEqual({ acked: 0, retried: 1 });
    expect(await ledgers(accountId).sealedHead(accountId)).toBeNull();
    expect(await deliverMessages([entriesMessage(b)])).toEqual({ acked: 1, retried: 0 });
    await expectSealed(idsOf(b));
  });

  test("the object lacks a gap's entries: staged events are sealed, the message is tried again", async () => {
    const [a, b] = [await stageEvents(accountId, 2), await createEntries(accountId, 5)];
    const forgetful = fakeLedger(accountId, { entriesAfter: async () => [] });
    expect(await deliverMessages([entriesMessage(b.slice(3)), stagedMessage(accountId)], forgetful)).toEqual({
      acked: 0,
      retried: 2,
    });
    expect(await readSealedIds(accountId)).toEqual(idsOf(a));
    expect(await deliverMessages([entriesMessage(b.slice(3))])).toEqual({ acked: 1, retried: 0 });
    await expectSealed(idsOf(a, b));
  });

  test("more events than one batch of D1 takes, and larger ones than one parameter takes", async () => {
    const many = await stageEvents(accountId, 600);
    const large = await stageEvents(accountId, 30, {
      changes: { before: {}, after: { text: "x".repeat(100_000) } },
    });
    expect(await deliverMessages([stagedMessage(accountId)])).toEqual({ acked: 1, retried: 0 });
    await expectSealed(idsOf(many, large));
  });

  test("more entries than were given are taken from the object, all of them", async () => {
    const b = await createEntries(accountId, 520);
    await sealAccount(sealingContext, accountId, [], "object");
    await expectSealed(idsOf(b));
  });
});

describe("what sealing costs", () => {
  /** D1 that counts the rows it writes. */
  function counting() {
    const count = { rows: 0 };
    const database = new Proxy(env.DB, {
      get: (target, name) =>
        name === "batch"
          ? async (statements: D1PreparedStatement[]) => {
              const results = await target.batch(statements);
              for (const { meta } of results) count.rows += meta.rows_written;
              return results;
            }
          : (Reflect.get(target, name) as (...values: unknown[]) => unknown).bind(target),
    });
    return { db: openDb(database), count };
  }

  test("a ledger entry is one row in its member's order, and a batch moves the head once", async () => {
    const b = await createEntries(accountId, 40);
    const { db, count } = counting();
    await sealAccount({ ...sealingContext, db }, accountId, b, "given");
    expect(count.rows).toBe(40 * 2 + 1);
    await expectSealed(idsOf(b));
  });

  test("a message of duplicates writes nothing", async () => {
    const b = await createEntries(accountId, 5);
    await deliverMessages([entriesMessage(b)]);
    const { db, count } = counting();
    await sealAccount({ ...sealingContext, db }, accountId, b, "given");
    expect(count.rows).toBe(0);
  });

  test("a staged event is one row, three of its indexes, and one that leaves the outbox", async () => {
    await stageEvents(accountId, 10);
    const { db, count } = counting();
    await sealAccount({ ...sealingContext, db }, accountId, [], "given");
    expect(count.rows).toBe(10 * 5 + 1);
  });
});
