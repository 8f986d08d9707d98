import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/kernel/canonical-json.ts";
import { consecutiveEntries, hashOf, mergeByTime, type SealedRow } from "../../../src/audit/chain/chain.ts";
import type { ChainHead } from "../../../src/audit/chain/event.ts";
import { packEntries } from "../../../src/audit/chain/message.ts";
import { sealChain, newEntry, newEvent, firstFault } from "./audit-example.ts";

const EVENTS = [
  newEvent(1),
  newEvent(2),
  newEntry(1),
  newEvent(3),
  newEntry(2),
  newEntry(3),
  newEvent(4),
  newEvent(5),
  newEvent(6),
  newEvent(7),
];
const chain = await sealChain(EVENTS);
const { rows, head } = chain;
const at = (seq: number) => rows[seq - 1] as SealedRow;

const without = (seq: number) => rows.filter((row) => row.seq !== seq);
const edited = (seq: number, change: Partial<SealedRow>) =>
  rows.map((row) => (row.seq === seq ? { ...row, ...change } : row));
const shifted = (from: number, by: number) =>
  rows.map((row) => (row.seq >= from ? { ...row, seq: row.seq + by } : row));
const rehashed = async (row: SealedRow): Promise<SealedRow> => ({ ...row, hash: await hashOf(row) });
const headAt = (seq: number, ledgerSeq: number): ChainHead => ({ seq, hash: at(seq).hash, ledgerSeq });

/**
 * The whole chain from `seq` on, made again with another body there, as an attacker who knows the algorithm
 * would write it.
 */
async function rewritten(seq: number): Promise<{ rows: SealedRow[]; head: ChainHead }> {
  const result = rows.slice(0, seq - 1);
  for (const row of rows.slice(seq - 1)) {
    const body = row.seq === seq ? row.body.replace('"success"', '"failed"') : row.body;
    const outcome = row.seq === seq ? "failed" : row.outcome;
    result.push(await rehashed({ ...row, body, outcome, prevHash: result.at(-1)?.hash ?? row.prevHash }));
  }
  return { rows: result, head: { ...head, hash: result.at(-1)?.hash ?? "" } };
}

const forged = (await sealChain([newEvent(9)], headAt(4, 1))).rows[0] as SealedRow;
const remade = await rewritten(4);
const unreadable = await rehashed({ ...at(10), body: "{" });
const replaced = await rehashed({ ...at(4), body: at(2).body });
const consistent = (await sealChain([newEvent(20)], headAt(3, 1))).rows[0] as SealedRow;
const unlinked = await rehashed({ ...at(4), prevHash: "f".repeat(64) });
const gapped = await sealChain([newEntry(1), newEntry(3)]);
const appended = await sealChain([newEvent(8)], head);

describe("S1.38 every kind of tampering is named at its first place", () => {
  const cases: [string, readonly SealedRow[], ChainHead, ChainHead | null, unknown][] = [
    ["nothing was done", rows, head, head, null],
    ["an empty chain", [], { seq: 0, hash: "0".repeat(64), ledgerSeq: 0 }, null, null],
    ["the object has not heard of the newest rows", rows, head, headAt(7, 3), null],
    ["the object has never heard of the chain", rows, head, null, null],
    [
      "a body is changed",
      edited(4, { body: at(4).body.replace("success", "failed") }),
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    [
      "a body is spelled otherwise",
      edited(4, { body: at(4).body.replace("{", "{ ") }),
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    ["a body is no JSON", edited(4, { body: "{" }), head, head, { seq: 4, fault: "altered" }],
    [
      "a body is no JSON and its hash is right",
      [...without(10), unreadable],
      head,
      null,
      { seq: 10, fault: "altered" },
    ],
    ["a hash is changed", edited(4, { hash: "f".repeat(64) }), head, head, { seq: 4, fault: "altered" }],
    [
      "a previous hash is changed",
      edited(4, { prevHash: "f".repeat(64) }),
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    ["the first body is changed", edited(1, { body: "{}" }), head, head, { seq: 1, fault: "altered" }],
    ["the last body is changed", edited(10, { body: "{}" }), head, head, { seq: 10, fault: "altered" }],
    [
      "a body is changed and its hash made again",
      [...without(4), replaced],
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    [
      "a row is replaced, its columns and hash right",
      [...without(4), consistent],
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    [
      "a previous hash is changed and the hash made again",
      [...without(4), unlinked],
      head,
      head,
      { seq: 4, fault: "altered" },
    ],
    ...(["id", "action", "outcome", "memberId", "resourceType", "resourceId"] as const).map(
      (column) =>
        [
          `the column ${column} is changed`,
          edited(7, { [column]: "other" }),
          head,
          head,
          { seq: 7, fault: "altered" },
        ] as [string, SealedRow[], ChainHead, ChainHead, unknown],
    ),
    ["the column at is changed", edited(7, { at: 5 }), head, head, { seq: 7, fault: "altered" }],
    [
      "the column ledgerSeq is changed",
      edited(5, { ledgerSeq: null }),
      head,
      head,
      { seq: 5, fault: "altered" },
    ],
    [
      "the row is another account's",
      edited(7, { accountId: "acc_2" }),
      head,
      head,
      { seq: 7, fault: "altered" },
    ],
    ["a row is deleted", without(4), head, head, { seq: 4, fault: "missing" }],
    ["the first row is deleted", without(1), head, head, { seq: 1, fault: "missing" }],
    [
      "a row is deleted and the others close up",
      shifted(5, -1).filter((row) => row !== at(4)),
      head,
      head,
      { seq: 4, fault: "missing" },
    ],
    [
      "two rows are deleted and the others close up",
      shifted(6, -2).filter((row) => row !== at(4) && row !== at(5)),
      head,
      head,
      { seq: 4, fault: "missing" },
    ],
    [
      "two neighbours are swapped",
      [...rows.filter((row) => row.seq !== 4 && row.seq !== 5), { ...at(4), seq: 5 }, { ...at(5), seq: 4 }],
      head,
      head,
      { seq: 4, fault: "reordered" },
    ],
    [
      "two distant rows are swapped",
      [...rows.filter((row) => row.seq !== 3 && row.seq !== 8), { ...at(3), seq: 8 }, { ...at(8), seq: 3 }],
      head,
      head,
      { seq: 3, fault: "reordered" },
    ],
    [
      "a forged row is inserted, its hash right",
      [...shifted(5, 1), forged],
      head,
      head,
      { seq: 5, fault: "inserted" },
    ],
    [
      "a forged row is inserted, its hash wrong",
      [...shifted(5, 1), { ...forged, hash: "f".repeat(64) }],
      head,
      head,
      { seq: 5, fault: "inserted" },
    ],
    [
      "a row stands before the first",
      [...rows, { ...at(1), seq: 0 }],
      head,
      head,
      { seq: 0, fault: "inserted" },
    ],
    ["a row stands behind the last", [...rows, ...appended.rows], head, head, { seq: 11, fault: "inserted" }],
    ["the last rows are cut off", rows.slice(0, 7), head, head, { seq: 8, fault: "truncated" }],
    [
      "the last rows are cut off and the head set back",
      rows.slice(0, 7),
      headAt(7, 3),
      head,
      { seq: 8, fault: "truncated" },
    ],
    [
      "everything is gone, the head too",
      [],
      { seq: 0, hash: "0".repeat(64), ledgerSeq: 0 },
      head,
      { seq: 1, fault: "truncated" },
    ],
    [
      "the head is deleted",
      rows,
      { seq: 0, hash: "0".repeat(64), ledgerSeq: 0 },
      head,
      { seq: 1, fault: "head-altered" },
    ],
    [
      "the head's hash is changed",
      rows,
      { ...head, hash: "f".repeat(64) },
      head,
      { seq: 10, fault: "head-altered" },
    ],
    [
      "the head's ledger place is changed",
      rows,
      { ...head, ledgerSeq: 9 },
      head,
      { seq: 10, fault: "head-altered" },
    ],
    [
      "everything from a row on is made again, the head too",
      remade.rows,
      remade.head,
      head,
      { seq: 10, fault: "rewritten" },
    ],
    [
      "the same, and the object knows an earlier head",
      remade.rows,
      remade.head,
      headAt(6, 3),
      { seq: 6, fault: "rewritten" },
    ],
    [
      "a personal value is changed",
      edited(4, { personal: { ...at(4).personal, "/actor/email": ["salt", "eve@example.com"] } }),
      head,
      head,
      { seq: 4, fault: "personal-altered" },
    ],
    [
      "a personal value is added",
      edited(4, { personal: { ...at(4).personal, "/action": ["salt", "x"] } }),
      head,
      head,
      { seq: 4, fault: "personal-altered" },
    ],
    [
      "a personal value is no pair",
      edited(4, { personal: { "/actor/email": "x" as never } }),
      head,
      head,
      { seq: 4, fault: "personal-altered" },
    ],
    [
      "a person is erased",
      edited(4, { personal: { ...at(4).personal, "/actor/email": null } }),
      head,
      head,
      null,
    ],
    ["all persons are erased", rows.map((row) => ({ ...row, personal: {} })), head, head, null],
    ["a ledger entry was never sealed", gapped.rows, gapped.head, null, { seq: 2, fault: "ledger-gap" }],
  ];

  test.each(cases)("%s", async (_, tampered, inDatabase, witness, expected) => {
    expect(await firstFault(tampered, inDatabase, witness)).toEqual(expected);
  });

  test.each([1, 2, 3, 7])("pages of %i rows find the same place", async (size) => {
    for (const [, tampered, inDatabase, witness, expected] of cases) {
      const fault = await firstFault(tampered, inDatabase, witness, size);
      expect(fault?.seq ?? null).toBe((expected as { seq: number } | null)?.seq ?? null);
    }
  });

  test("any change of any character of any row is found at that row", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: rows.length }),
        fc.constantFrom("body", "hash", "prevHash", "id", "action" as const),
        fc.nat(),
        fc.integer({ min: 1, max: 25 }),
        async (seq, column, place, by) => {
          const text = at(seq)[column];
          const index = place % text.length;
          const other = String.fromCharCode(text.charCodeAt(index) + by);
          const changed = `${text.slice(0, index)}${other}${text.slice(index + 1)}`;
          expect(await firstFault(edited(seq, { [column]: changed }), head, head)).toMatchObject({ seq });
        },
      ),
    );
  });
});

describe("canonical JSON", () => {
  test.each([
    [{ b: 1, a: [true, null, "é"] }, '{"a":[true,null,"é"],"b":1}'],
    [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
    [{ "10": 1, "9": 2, "": 3 }, '{"":3,"10":1,"9":2}'],
    [{ n: 1e21, m: -0 }, '{"m":0,"n":1e+21}'],
    [
      { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 },
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    ],
  ])("%j", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test("the order of members does not count, everything else does", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        const turned = JSON.parse(JSON.stringify(value), (_, member: unknown) =>
          member !== null && typeof member === "object" && !Array.isArray(member)
            ? Object.fromEntries(Object.entries(member).reverse())
            : member,
        ) as unknown;
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
    );
  });
});

describe("two outboxes become one chain", () => {
  test("merge keeps each one's own order, for all clocks", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.array(fc.nat(20)), (times, entryTimes) => {
        const staged = times.map((time, index) => newEvent(index, { at: time }));
        const entries = entryTimes.map((time, index) => newEntry(index + 1, time));
        const merged = mergeByTime(staged, entries);
        expect(merged.filter((one) => one.ledgerSeq === null)).toEqual(staged);
        expect(merged.filter((one) => one.ledgerSeq !== null)).toEqual(entries);
      }),
    );
  });

  test.each([
    ["in order", [4, 5, 6], 3, [4, 5, 6], false],
    ["reordered and doubled", [6, 4, 5, 4, 6], 3, [4, 5, 6], false],
    ["sealed before", [1, 2, 3], 3, [], false],
    ["partly sealed before", [2, 3, 4], 3, [4], false],
    ["behind a gap", [5, 6], 3, [], true],
    ["with a gap inside", [4, 6], 3, [4], true],
    ["none", [], 3, [], false],
  ])("following: %s", (_, seqs, ledgerSeq, run, gap) => {
    const result = consecutiveEntries(
      seqs.map((seq) => newEntry(seq)),
      ledgerSeq,
    );
    expect({ run: result.run.map((one) => one.ledgerSeq), gap: result.gap }).toEqual({ run, gap });
  });
});

test("packs hold every entry once, in order, and fit the queue", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 250 }), (sizes) => {
      const entries = sizes.map((size, index) => ({ ...newEntry(index + 1), reason: "é".repeat(size / 2) }));
      const messages = packEntries("acc_1", entries);
      expect(messages.flatMap((message) => (message.kind === "entries" ? message.events : []))).toEqual(
        entries,
      );
      for (const message of messages) {
        expect(message.kind === "entries" && message.events.length).toBeLessThanOrEqual(100);
        expect(new TextEncoder().encode(JSON.stringify(message)).length).toBeLessThan(128_000);
      }
    }),
    { numRuns: 20 },
  );
});
