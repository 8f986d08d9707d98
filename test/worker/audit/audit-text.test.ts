import fc from "fast-check";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { AuditEvent } from "../../../src/audit/chain/event.ts";
import { stageEvent } from "../../../src/audit/chain/outbox.store.ts";
import { batch } from "../../../src/kernel/db.ts";
import { db, newEvent, findFault, newAccountId, sealStaged, readSealedIds } from "./audit-fixture.ts";

/** Any UTF-16 text: halves of surrogate pairs and NUL often, because D1 keeps neither as they are. */
const unit = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "\0",
      "\ud800",
      "\udfff",
      "\ud83d",
      "\ude00",
      "\uFFFD",
      "\u2028",
      '"',
      "\\",
      "'",
      "~",
      "/",
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
);
const text = fc.array(unit, { maxLength: 8 }).map((units) => units.join(""));
const filled = fc.tuple(unit, text).map((parts) => parts.join(""));
const optional = fc.option(text);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("any"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.oneof(text, fc.constantFrom("email", "phone", "__proto__")), tie("any"), {
    maxKeys: 4,
  }),
}));
const values = value.object as fc.Arbitrary<Record<string, unknown>>;

const change = fc.record({
  actor: fc.record({
    type: fc.constant("member" as const),
    memberId: optional,
    accountId: optional,
    login: optional,
    email: optional,
    apiKeyId: optional,
  }),
  action: filled,
  resource: fc.record({ type: filled, id: optional }),
  reason: optional,
  origin: fc.record({ requestId: text, ip: optional, userAgent: optional }),
  changes: fc.option(fc.record({ before: values, after: values })),
}) as fc.Arbitrary<Partial<AuditEvent>>;

test("S1.38 D1 gives back any text of an event as it was sealed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
      const accountId = newAccountId();
      const events = changes.map((more) => newEvent(accountId, more));
      await batch(
        db,
        events.map((one) => stageEvent(db, env.SIGNING_KEYS, one)),
      );
      await sealStaged(accountId);
      expect(await readSealedIds(accountId)).toEqual(events.map((one) => one.id).sort());
      expect(await findFault(accountId)).toBeNull();
    }),
    { numRuns: 60 },
  );
});

test.each<[string, Partial<AuditEvent>]>([
  ["half a pair in a resource's id", { resource: { type: "product", id: "x\ud800y" } }],
  ["NUL in a resource's id", { resource: { type: "product", id: "x\0y" } }],
  ["half a pair in a type", { resource: { type: "\udc00", id: null } }],
  ["NUL in an action", { action: "a\0b" }],
  ["half a pair in a member's id", { actor: { ...newEvent("").actor, memberId: "\ud800" } }],
  [
    "two names that become one",
    { changes: { before: {}, after: { "\ud800": { email: "a@example.com" }, "\udc00": 1, "\0": [2] } } },
  ],
  ["half a pair in a personal value", { changes: { before: {}, after: { email: "\ud800" } } }],
])("S1.38 %s is sealed and verifies", async (_, more) => {
  const accountId = newAccountId();
  await batch(db, [stageEvent(db, env.SIGNING_KEYS, newEvent(accountId, more))]);
  await sealStaged(accountId);
  expect(await findFault(accountId)).toBeNull();
  const row = await env.DB.prepare(
    `SELECT body,
       action || resource_type || coalesce(resource_id, '') || coalesce(member_id, '') AS columns
     FROM audit_event WHERE account_id = ?`,
  )
    .bind(accountId)
    .first<{ body: string; columns: string }>();
  const all = `${row?.body}${row?.columns}`;
  expect([all.isWellFormed(), all.includes("\0"), /\\u(?:0000|d[89a-f])/i.test(all)]).toEqual([
    true,
    false,
    false,
  ]);
});
