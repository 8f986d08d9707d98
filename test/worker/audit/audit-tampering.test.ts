import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { hashOf } from "../../../src/audit/chain/chain.ts";
import { WALK_START, verifyChain } from "../../../src/audit/log/verify.store.ts";
import {
  db,
  deliverMessages,
  createEntries,
  findFault,
  readHead,
  ledgers,
  newAccountId,
  stagedMessage,
  outboxSize,
  sealStaged,
  readSealedIds,
  stageEvents,
} from "./audit-fixture.ts";

let accountId: string;
beforeEach(async () => {
  accountId = newAccountId();
  await stageEvents(accountId, 4);
  await createEntries(accountId, 2);
  await stageEvents(accountId, 4);
  await sealStaged(accountId);
});

/** By hand in D1, where every rule of the gate can be got round. `:a` stands for the account. */
/** A copy of a row at another place. */
const COPY = (from: number, to: number, hash: string) => `
  INSERT INTO audit_event
  SELECT account_id, ${to}, id || 'x', at, action, outcome, member_id, resource_type, resource_id, body,
    personal, hash, ${hash}, ledger_seq
  FROM audit_event WHERE account_id = :a AND seq = ${from}`;
/** The head as it was after row 7. */
const HEAD_AT_7 = `
  UPDATE audit_head
  SET (seq, hash, ledger_seq) =
    (SELECT seq, hash, 2 FROM audit_event WHERE account_id = :a AND seq = 7)
  WHERE account_id = :a`;

async function run(...statements: string[]): Promise<void> {
  await env.DB.batch(statements.map((text) => env.DB.prepare(text.replaceAll(":a", `'${accountId}'`))));
}

/** Rewrites the chain from that row on, and the head, as an attacker would who knows the format. */
async function remake(seq: number): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT seq, body, prev_hash, hash FROM audit_event WHERE account_id = ? AND seq >= ? ORDER BY seq",
  )
    .bind(accountId, seq - 1)
    .all<{ seq: number; body: string; prev_hash: string; hash: string }>();
  let prevHash = results[0]?.hash ?? "";
  for (const row of results.slice(1)) {
    const body =
      row.seq === seq
        ? row.body.replace("192.0.2", "203.0.113").replace('"requestId":"req_1"', '"requestId":"req_2"')
        : row.body;
    const hash = await hashOf({ accountId, seq: row.seq, prevHash, body });
    await env.DB.prepare(
      "UPDATE audit_event SET body = ?, prev_hash = ?, hash = ? WHERE account_id = ? AND seq = ?",
    )
      .bind(body, prevHash, hash, accountId, row.seq)
      .run();
    prevHash = hash;
  }
  await env.DB.prepare("UPDATE audit_head SET hash = ? WHERE account_id = ?").bind(prevHash, accountId).run();
}

const SHIFT = (from: number, by: number) => [
  `UPDATE audit_event SET seq = -(seq + ${by}) WHERE account_id = :a AND seq >= ${from}`,
  "UPDATE audit_event SET seq = -seq WHERE account_id = :a AND seq < 0",
];
const SWAP = (a: number, b: number) => [
  `UPDATE audit_event SET seq = -${a} WHERE account_id = :a AND seq = ${a}`,
  `UPDATE audit_event SET seq = ${a} WHERE account_id = :a AND seq = ${b}`,
  `UPDATE audit_event SET seq = ${b} WHERE account_id = :a AND seq = -${a}`,
];

describe("S1.38 rows that are edited by hand in D1 are found, the first one named", () => {
  test("untouched, the chain verifies", async () => {
    expect(await findFault(accountId)).toBeNull();
    expect((await readHead(accountId))?.seq).toBe(10);
  });

  test.each<[string, string[], unknown]>([
    [
      "changed",
      [
        `UPDATE audit_event SET body = replace(body, 'success', 'denied')
         WHERE account_id = :a AND seq IN (4, 6)`,
      ],
      { seq: 4, fault: "altered" },
    ],
    [
      "changed where filters look",
      ["UPDATE audit_event SET member_id = 'mem_2' WHERE account_id = :a AND seq = 4"],
      { seq: 4, fault: "altered" },
    ],
    [
      "given another time",
      ["UPDATE audit_event SET at = at + 1 WHERE account_id = :a AND seq = 4"],
      { seq: 4, fault: "altered" },
    ],
    [
      "no longer text",
      ["UPDATE audit_event SET body = x'00ff' WHERE account_id = :a AND seq = 4"],
      { seq: 4, fault: "altered" },
    ],
    ["deleted", ["DELETE FROM audit_event WHERE account_id = :a AND seq = 4"], { seq: 4, fault: "missing" }],
    [
      "deleted and closed up",
      ["DELETE FROM audit_event WHERE account_id = :a AND seq = 4", ...SHIFT(5, -1)],
      { seq: 4, fault: "missing" },
    ],
    ["swapped", SWAP(4, 5), { seq: 4, fault: "reordered" }],
    ["swapped far apart", SWAP(2, 9), { seq: 2, fault: "reordered" }],
    ["inserted", [...SHIFT(5, 1), COPY(4, 5, "'f' || substr(hash, 2)")], { seq: 5, fault: "inserted" }],
    ["appended", [COPY(10, 11, "hash")], { seq: 11, fault: "altered" }],
    [
      "cut off at the end",
      ["DELETE FROM audit_event WHERE account_id = :a AND seq > 7"],
      { seq: 8, fault: "truncated" },
    ],
    [
      "cut off at the end and the head with them",
      ["DELETE FROM audit_event WHERE account_id = :a AND seq > 7", HEAD_AT_7],
      { seq: 8, fault: "truncated" },
    ],
    [
      "all gone, the head too",
      ["DELETE FROM audit_event WHERE account_id = :a", "DELETE FROM audit_head WHERE account_id = :a"],
      { seq: 1, fault: "truncated" },
    ],
    [
      "there, but the head is gone",
      ["DELETE FROM audit_head WHERE account_id = :a"],
      { seq: 1, fault: "head-altered" },
    ],
    [
      "there, but the head is another",
      ["UPDATE audit_head SET hash = iif(hash LIKE 'f%', '0', 'f') || substr(hash, 2) WHERE account_id = :a"],
      { seq: 10, fault: "head-altered" },
    ],
    [
      "given another person",
      [
        `UPDATE audit_event SET personal = json_set(personal, '$."/actor/email"[1]', 'eve@example.com')
         WHERE account_id = :a AND seq = 4`,
      ],
      { seq: 4, fault: "personal-altered" },
    ],
    [
      "given personal values that are no JSON",
      ["UPDATE audit_event SET personal = '{' WHERE account_id = :a AND seq = 4"],
      { seq: 4, fault: "personal-altered" },
    ],
    [
      "freed of one person, and no erasure says so",
      [
        `UPDATE audit_event SET personal = json_set(personal, '$."/actor/email"', null)
         WHERE account_id = :a AND seq = 4`,
      ],
      { seq: 4, fault: "personal-erased" },
    ],
    [
      "freed of all persons",
      ["UPDATE audit_event SET personal = '{}' WHERE account_id = :a"],
      { seq: 1, fault: "personal-erased" },
    ],
  ])("%s", async (_, statements, expected) => {
    await run(...statements);
    expect(await findFault(accountId)).toEqual(expected);
  });

  test("rewritten from a row on, with hashes and head: the object's own head shows it", async () => {
    await remake(6);
    expect(await findFault(accountId)).toEqual({ seq: 10, fault: "rewritten" });
  });

  test("nothing is sealed on top of a chain that was cut off, so the proof stays", async () => {
    await run("DELETE FROM audit_event WHERE account_id = :a AND seq > 7", HEAD_AT_7);
    await stageEvents(accountId, 5);
    expect(await deliverMessages([stagedMessage(accountId)])).toEqual({ acked: 0, retried: 1 });
    expect([await outboxSize(accountId), (await readSealedIds(accountId)).length]).toEqual([5, 7]);
    expect(await findFault(accountId)).toEqual({ seq: 8, fault: "truncated" });
  });

  test("nothing is sealed on top of a chain that was rewritten", async () => {
    await remake(6);
    await stageEvents(accountId, 5);
    expect(await deliverMessages([stagedMessage(accountId)])).toEqual({ acked: 0, retried: 1 });
    expect((await ledgers(accountId).sealedHead(accountId))?.seq).toBe(10);
    expect(await findFault(accountId)).toEqual({ seq: 10, fault: "rewritten" });
  });
});

test("a long chain is verified in several calls, each from where the last one stopped", async () => {
  await stageEvents(accountId, 1_500);
  await sealStaged(accountId);
  const witness = await ledgers(accountId).sealedHead(accountId);
  const walk = async () => {
    const ends: number[] = [];
    for (let at = WALK_START; ; ) {
      const {
        walk: next,
        fault,
        isComplete,
      } = await verifyChain(db, ledgers(accountId), accountId, at, witness, 1);
      ends.push(next.head.seq);
      if (isComplete) return { ends, fault };
      at = next;
    }
  };
  expect(await walk()).toEqual({ ends: [500, 1_000, 1_500, 1_510], fault: null });
  await run("DELETE FROM audit_event WHERE account_id = :a AND seq = 501");
  expect(await walk()).toEqual({ ends: [500, 500], fault: { seq: 501, fault: "missing" } });
});
