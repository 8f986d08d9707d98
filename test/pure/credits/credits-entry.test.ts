import { describe, expect, test } from "vitest";
import { SYSTEM_ACTOR } from "../../../src/audit/chain/event.ts";
import {
  SYSTEM_CONTEXT,
  type EntryContext,
  type PostedEntry,
  refusalCodeOf,
  entryToEvent,
} from "../../../src/credits/ledger-entry.ts";
import type { RecordedOutcome } from "../../../src/credits/ledger.ts";

const AT = Date.parse("2026-11-21T12:00:00.000Z");
const CONTEXT: EntryContext = {
  actor: { ...SYSTEM_ACTOR, type: "member", memberId: "mem_1", accountId: "acc_1" },
  origin: { requestId: "req_1", ip: "192.0.2.1", userAgent: "test" },
};
const FIGURES = { required: 5, limit: 9, limitPeriod: "day", spent: 5, remaining: 4 } as const;
const SPENT: RecordedOutcome = { kind: "spent", ...FIGURES };
const PAST_LIMIT: RecordedOutcome = { kind: "member_limit_exceeded", ...FIGURES };
const LOT = { kind: "top_up", amount: 7, priority: 100, effectiveAt: AT, expiresAt: null } as const;

const posted = (more: Partial<PostedEntry> = {}): PostedEntry => ({
  id: "ent_01ABC",
  seq: 3,
  kind: "spend",
  at: AT,
  memberId: "mem_1",
  amount: -5,
  balance: 10,
  lotId: null,
  description: "a word of a person",
  outcome: SPENT,
  context: CONTEXT,
  ...more,
});

describe("the code of a refusal", () => {
  test.each<[RecordedOutcome, string | null]>([
    [{ kind: "subscription_inactive", ...FIGURES }, "credits/subscription-inactive"],
    [{ kind: "insufficient_balance", ...FIGURES }, "credits/insufficient-balance"],
    [PAST_LIMIT, "credits/member-limit-exceeded"],
    [SPENT, null],
    [{ kind: "granted", lot: LOT }, null],
    [{ kind: "expired" }, null],
  ])("%j: %s", (outcome, code) => expect(refusalCodeOf(outcome)).toBe(code));
});

describe("an entry as the trail tells it", () => {
  test("what was spent: its cost, and the balance before and after, without the description", () => {
    expect(entryToEvent("acc_1", posted())).toEqual({
      id: "evt_01ABC",
      accountId: "acc_1",
      at: AT,
      actor: CONTEXT.actor,
      action: "credits.spend",
      resource: { type: "credits", id: "ent_01ABC" },
      outcome: "success",
      reason: null,
      cost: 5,
      origin: CONTEXT.origin,
      changes: { before: { balance: 15 }, after: { balance: 10 } },
      ledgerSeq: 3,
    });
  });

  test("what was granted: no cost, and the terms of the lot", () => {
    const event = entryToEvent(
      "acc_1",
      posted({ kind: "grant", amount: 7, lotId: "lot_1", outcome: { kind: "granted", lot: LOT } }),
    );
    expect(event).toMatchObject({ action: "credits.grant", outcome: "success", cost: null });
    expect(event.changes).toEqual({
      before: { balance: 3 },
      after: { balance: 10, lotId: "lot_1", ...LOT },
    });
  });

  test("what ended: no cost, and which lot", () => {
    const event = entryToEvent(
      "acc_1",
      posted({ kind: "expire", lotId: "lot_1", outcome: { kind: "expired" }, context: SYSTEM_CONTEXT }),
    );
    expect(event).toMatchObject({
      actor: { type: "system", memberId: null },
      action: "credits.expire",
      cost: null,
      origin: { requestId: "system", ip: null, userAgent: null },
    });
    expect(event.changes).toEqual({ before: { balance: 15 }, after: { balance: 10, lotId: "lot_1" } });
  });

  test("what was refused: denied with its code, and nothing changed", () => {
    expect(entryToEvent("acc_1", posted({ amount: 0, outcome: PAST_LIMIT }))).toMatchObject({
      action: "credits.spend",
      outcome: "denied",
      reason: "credits/member-limit-exceeded",
      changes: null,
    });
  });

  const PAID = {
    action: "license.provision",
    resource: { type: "license", id: "lic_1" },
    of: { themeId: "thm_1" },
  };

  test("what paid for a change: the cost is in the event of the change only", () => {
    for (const paysFor of ["change", PAID] as const) {
      const event = entryToEvent("acc_1", posted({ context: { ...CONTEXT, paysFor } }));
      expect(event).toMatchObject({ action: "credits.spend", outcome: "success", cost: null });
    }
  });

  test("what was refused to a change: the event names the change, which was never made", () => {
    const refused = posted({ amount: 0, outcome: PAST_LIMIT, context: { ...CONTEXT, paysFor: PAID } });
    expect(entryToEvent("acc_1", refused)).toEqual({
      id: "evt_01ABC",
      accountId: "acc_1",
      at: AT,
      actor: CONTEXT.actor,
      action: "license.provision",
      resource: { type: "license", id: "lic_1" },
      outcome: "failed",
      reason: "credits/member-limit-exceeded",
      cost: null,
      origin: CONTEXT.origin,
      changes: { before: {}, after: { themeId: "thm_1" } },
      ledgerSeq: 3,
    });
  });

  test("an older gate does not name the change: the refusal is the ledger's own", () => {
    const refused = posted({ amount: 0, outcome: PAST_LIMIT, context: { ...CONTEXT, paysFor: "change" } });
    expect(entryToEvent("acc_1", refused)).toMatchObject({
      action: "credits.spend",
      resource: { type: "credits", id: "ent_01ABC" },
      outcome: "denied",
    });
  });
});
