import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { beforeEach, describe, expect, test } from "vitest";
import { headAfter, seal, type SealedRow } from "../../../src/audit/chain/chain.ts";
import { appendRows } from "../../../src/audit/chain/chain.store.ts";
import type { AuditEvent } from "../../../src/audit/chain/event.ts";
import { protectPersonalValues } from "../../../src/audit/chain/personal-value.ts";
import { batch } from "../../../src/kernel/db.ts";
import { completeEvent, stageEvent } from "../../../src/audit/chain/outbox.store.ts";
import { sealAccount } from "../../../src/audit/chain/sealing.store.ts";
import {
  entriesMessage,
  db,
  deliverMessages,
  createEntries,
  newEvent,
  findFault,
  readHead,
  ledgers,
  fakeLedger,
  newAccountId,
  stagedMessage,
  outboxSize,
  sealStaged,
  readSealedIds,
  stageEvents,
  sealingContext,
} from "./audit-fixture.ts";

let accountId: string;
beforeEach(async () => {
  accountId = newAccountId();
  await stageEvents(accountId, 2);
  await createEntries(accountId, 2);
  await sealStaged(accountId);
});

/** An entry of the ledger that the ledger has never made. */
const forgedEntry = (ledgerSeq: number, more: Partial<AuditEvent> = {}) =>
  newEvent(accountId, {
    action: "credits.spend",
    resource: { type: "credits", id: "ent_forged" },
    cost: 1,
    changes: null,
    ledgerSeq,
    ...more,
  });

async function knownHead(ofAccount: string) {
  const head = await readHead(ofAccount);
  return head ?? expect.fail("no head");
}

/** Appends a row as an attacker would who can write D1 and knows how a row is sealed. */
async function append(forged: AuditEvent): Promise<void> {
  const head = await knownHead(accountId);
  const row = seal(
    head,
    forged,
    protectPersonalValues(forged, () => "00".repeat(16)),
  );
  expect(await appendRows(db, accountId, head, [row])).toEqual(headAfter(head, row));
}

const insertOutbox = (id: string, text: string) =>
  env.DB.prepare("INSERT INTO audit_outbox (account_id, id, event) VALUES (?, ?, ?)")
    .bind(accountId, id, text)
    .run();
const letters = async () =>
  (
    await env.DB.prepare("SELECT queue, reason, body FROM dead_letter WHERE id LIKE ? ORDER BY id")
      .bind(`outbox/${accountId}/%`)
      .all<{ queue: string; reason: string; body: string }>()
  ).results;

describe("S1.38 no caller hides a spend behind an entry that the ledger never made", () => {
  test("staged, it is kept with its reason and never sealed; the real spend enters the trail", async () => {
    const forged = forgedEntry(3);
    await batch(db, [stageEvent(db, env.SIGNING_KEYS, forged)]);
    await sealStaged(accountId);
    expect(await readSealedIds(accountId)).not.toContain(forged.id);
    expect((await readHead(accountId))?.ledgerSeq).toBe(2);
    expect(await letters()).toEqual([
      {
        queue: "audit_outbox",
        reason: expect.stringContaining("ledgerSeq") as string,
        body: JSON.stringify(forged),
      },
    ]);
    const [real] = await createEntries(accountId, 1);
    await sealStaged(accountId);
    expect(await readSealedIds(accountId)).toContain(real?.id);
    expect(await findFault(accountId)).toBeNull();
  });

  test("appended by hand with its head, it is never witnessed, nothing is sealed on it", async () => {
    const before = await ledgers(accountId).sealedHead(accountId);
    await append(forgedEntry(3));
    const list = await createEntries(accountId, 1);
    await stageEvents(accountId, 1);
    expect(await deliverMessages([stagedMessage(accountId), entriesMessage(list)])).toEqual({
      acked: 0,
      retried: 2,
    });
    expect(await ledgers(accountId).sealedHead(accountId)).toEqual(before);
    expect(await outboxSize(accountId)).toBe(1);
    expect(await findFault(accountId)).toEqual({ seq: 5, fault: "not-the-ledgers" });
  });

  test("appended before there is such an entry, verify names it too", async () => {
    await append(forgedEntry(3));
    await expect(sealStaged(accountId)).rejects.toThrow("not-the-ledgers");
    expect(await findFault(accountId)).toEqual({ seq: 5, fault: "not-the-ledgers" });
  });

  test.each<[string, Partial<AuditEvent>]>([
    ["cost", { cost: 0 }],
    ["author", { actor: { ...newEvent("").actor, memberId: "mem_2" } }],
    ["outcome", { outcome: "denied" }],
    ["changes", { changes: { before: { balance: 2 }, after: { balance: 2 } } }],
    ["time", { at: 1 }],
  ])("the real entry with another %s is not the ledger's", async (_, more) => {
    const [real = expect.fail("no entry")] = await createEntries(accountId, 1);
    await append({ ...real, ...more });
    await expect(sealStaged(accountId)).rejects.toThrow("not-the-ledgers");
    expect(await findFault(accountId)).toEqual({ seq: 5, fault: "not-the-ledgers" });
  });

  test("the object keeps no head that is beyond its own ledger", async () => {
    const before = await ledgers(accountId).sealedHead(accountId);
    await expect(
      Promise.resolve(ledgers(accountId).sealed(accountId, { seq: 9, hash: "f".repeat(64), ledgerSeq: 3 })),
    ).rejects.toThrow();
    expect(await ledgers(accountId).sealedHead(accountId)).toEqual(before);
  });

  test("the head's ledger place alone is moved: nothing is sealed on it", async () => {
    await env.DB.prepare("UPDATE audit_head SET ledger_seq = 3 WHERE account_id = ?").bind(accountId).run();
    await createEntries(accountId, 1);
    await stageEvents(accountId, 1);
    await expect(sealStaged(accountId)).rejects.toThrow("head-altered");
    expect(await findFault(accountId)).toEqual({ seq: 4, fault: "head-altered" });
  });

  test("a head that the object missed is reported after its rows and entries were compared", async () => {
    const list = await createEntries(accountId, 3);
    const deaf = fakeLedger(accountId, { sealed: () => Promise.reject(new Error("gone")) });
    expect(await deliverMessages([entriesMessage(list)], deaf)).toEqual({ acked: 0, retried: 1 });
    await stageEvents(accountId, 1);
    await sealStaged(accountId);
    expect(await ledgers(accountId).sealedHead(accountId)).toEqual(await readHead(accountId));
    expect(await findFault(accountId)).toBeNull();
  });

  test.each([
    [600, null],
    [600, 590],
  ])(
    "%i rows, more than one round reads, are compared by rounds; a forged one at place %j stops it",
    async (count, forgedAt) => {
      const list = await createEntries(accountId, count);
      const before = await knownHead(accountId);
      const rows: SealedRow[] = [];
      for (const one of list) {
        const last = rows.reduce(headAfter, before);
        const sealed = one.ledgerSeq === forgedAt ? { ...one, cost: 7 } : one;
        rows.push(
          seal(
            last,
            sealed,
            protectPersonalValues(sealed, () => "00".repeat(16)),
          ),
        );
      }
      expect(await appendRows(db, accountId, before, rows)).not.toBeNull();
      if (forgedAt === null) await sealStaged(accountId);
      else await expect(sealStaged(accountId)).rejects.toThrow(`not-the-ledgers at ${forgedAt + 2}`);
      const told = await ledgers(accountId).sealedHead(accountId);
      expect(forgedAt === null ? told : (told?.seq ?? Infinity) < forgedAt + 2).toEqual(
        forgedAt === null ? await readHead(accountId) : true,
      );
      expect(await findFault(accountId)).toEqual(
        forgedAt === null ? null : { seq: forgedAt + 2, fault: "not-the-ledgers" },
      );
    },
  );
});

describe("rows in the outbox that are no event of it block no other", () => {
  test.each<[string, (id: string) => string]>([
    ["no JSON", () => "{"],
    ["nothing", () => "null"],
    ["an event without members", (id) => JSON.stringify({ id, accountId })],
    ["another account's", (id) => JSON.stringify(newEvent(newAccountId(), { id }))],
    ["another row's", () => JSON.stringify(newEvent(accountId))],
    ["given another time", (id) => JSON.stringify({ ...newEvent(accountId, { id }), at: "1" })],
  ])("%s", async (_, text) => {
    const id = `evt_0_${crypto.randomUUID()}`;
    await insertOutbox(id, text(id));
    const [good] = await stageEvents(accountId, 1);
    expect(await deliverMessages([stagedMessage(accountId)])).toEqual({ acked: 1, retried: 0 });
    expect((await readSealedIds(accountId)).at(-2)).toBe(good?.id);
    expect([await outboxSize(accountId), (await letters()).length]).toEqual([0, 1]);
    expect(await findFault(accountId)).toBeNull();
  });

  test("not even as many as one round takes", async () => {
    for (let start = 0; start < 300; start += 50) {
      await env.DB.batch(
        Array.from({ length: 50 }, (_, index) =>
          env.DB.prepare("INSERT INTO audit_outbox (account_id, id, event) VALUES (?, ?, '{')").bind(
            accountId,
            `evt_0_${start + index}`,
          ),
        ),
      );
    }
    const [good] = await stageEvents(accountId, 1);
    await sealStaged(accountId);
    expect(await readSealedIds(accountId)).toContain(good?.id);
    expect(await outboxSize(accountId)).toBe(0);
  });
});

describe("K9 a row of the outbox that this gate did not stage is never sealed", () => {
  const stagedRow = async (one: AuditEvent, open: string | null = null) => {
    await batch(db, [
      stageEvent(db, env.SIGNING_KEYS, one, open),
      ...(open === null ? [] : [completeEvent(db, one, open, sql`'0007'`)]),
    ]);
  };
  const edit = (set: string, id: string, ...values: string[]) =>
    env.DB.prepare(`UPDATE audit_outbox SET ${set} WHERE account_id = ?1 AND id = ?2`)
      .bind(accountId, id, ...values)
      .run();
  const sealedBody = async (id: string) =>
    JSON.parse(
      (await env.DB.prepare("SELECT body FROM audit_event WHERE id = ?").bind(id).first<string>("body")) ??
        "",
    );
  const withLogin = () =>
    newEvent(accountId, {
      action: "member.create",
      resource: { type: "role", id: "mem_9" },
      changes: { before: {}, after: { login: "", roles: ["owner"] } },
    });

  test.each<[string, (one: AuditEvent) => Promise<unknown>, string]>([
    ["invented without a signature", (one) => insertOutbox(one.id, JSON.stringify(one)), "no signature"],
    [
      "edited after it was staged",
      async (one) => {
        await stagedRow(one);
        await edit("event = replace(event, 'New', 'Old')", one.id);
      },
      "another signature",
    ],
    [
      "said to leave a member open that it did not",
      async (one) => {
        await stagedRow(one);
        await edit("open = 'name', given = 'Old'", one.id);
      },
      "another signature",
    ],
    [
      "given a value that its batch did not",
      async (one) => {
        await stagedRow(one);
        await edit("given = '0001'", one.id);
      },
      "no batch gave out",
    ],
    [
      "signed with a key that was dropped",
      (one) => batch(db, [stageEvent(db, JSON.stringify([{ kid: "old", d: "x" }]), one)]),
      "another signature",
    ],
    [
      "a copy of one that is sealed",
      async (one) => {
        await stagedRow(one);
        const {
          results: [row],
        } = await env.DB.prepare("SELECT * FROM audit_outbox WHERE id = ?")
          .bind(one.id)
          .all<Record<string, string>>();
        await sealStaged(accountId);
        await env.DB.prepare("INSERT INTO audit_outbox (account_id, id, event, mac) VALUES (?, ?, ?, ?)")
          .bind(accountId, one.id, row?.["event"], row?.["mac"])
          .run();
      },
      "sealed before",
    ],
  ])("%s, it goes to the dead letters and the trail tells it", async (_, put, reason) => {
    const one = newEvent(accountId);
    await put(one);
    const before = (await readSealedIds(accountId)).filter((id) => id === one.id).length;
    const [good] = await stageEvents(accountId, 1);
    await sealStaged(accountId);
    expect((await readSealedIds(accountId)).filter((id) => id === one.id).length).toBe(before);
    expect(await readSealedIds(accountId)).toContain(good?.id);
    expect(await letters()).toEqual([
      {
        queue: "audit_outbox",
        reason: expect.stringContaining(reason) as string,
        body: expect.any(String) as string,
      },
    ]);
    const { results } = await env.DB.prepare(
      "SELECT body FROM audit_event WHERE account_id = ? AND action = 'audit.quarantine'",
    )
      .bind(accountId)
      .all<{ body: string }>();
    expect(results.map(({ body }) => JSON.parse(body).changes.after)).toEqual([
      { rows: 1, reasons: [expect.stringContaining(reason) as string] },
    ]);
    expect([await outboxSize(accountId), await findFault(accountId)]).toEqual([0, null]);
  });

  test("a number generated in the batch is sealed with the event; no other text passes for one", async () => {
    const [one, other] = [withLogin(), withLogin()];
    await stagedRow(one, "login");
    await stagedRow(other, "login");
    await edit("given = 'owner'", other.id);
    await sealStaged(accountId);
    expect((await sealedBody(one.id)).changes.after).toEqual({
      login: expect.stringMatching(/^sha256:/) as string,
      roles: ["owner"],
    });
    expect((await letters()).map(({ reason }) => reason)).toEqual([
      "the value that its batch gives out is none",
    ]);
  });

  test("keys rotate with overlap: what an older key signed is sealed while that key is there", async () => {
    const one = newEvent(accountId);
    const rotated = JSON.stringify([{ kid: "new", d: "y" }, ...JSON.parse(env.SIGNING_KEYS)]);
    await stagedRow(one);
    await sealAccount({ ...sealingContext, signingKeys: rotated }, accountId, [], "object");
    expect(await readSealedIds(accountId)).toContain(one.id);
  });
});
