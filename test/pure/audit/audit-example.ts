import { GENESIS, headAfter, seal, type SealedRow } from "../../../src/audit/chain/chain.ts";
import type { Actor, AuditEvent, ChainHead } from "../../../src/audit/chain/event.ts";
import { protectPersonalValues } from "../../../src/audit/chain/personal-value.ts";
import { type ChainFault, verifyEnd, verifyRows } from "../../../src/audit/chain/chain-verification.ts";

export const ACTOR: Actor = {
  type: "member",
  memberId: "mem_1",
  accountId: "acc_1",
  login: "0001",
  email: "ada@example.com",
  apiKeyId: "key_1",
};

export const newEvent = (id: number, more: Partial<AuditEvent> = {}): AuditEvent => ({
  id: `evt_${id}`,
  accountId: "acc_1",
  at: 1_000 + id,
  actor: ACTOR,
  action: "product.edit",
  resource: { type: "product", id: `prd_${id}` },
  outcome: "success",
  reason: null,
  cost: null,
  origin: { requestId: `req_${id}`, ip: "192.0.2.7", userAgent: "curl/8" },
  changes: { before: { name: "Old" }, after: { name: `New ${id}` } },
  ledgerSeq: null,
  ...more,
});

export const newEntry = (ledgerSeq: number, at = 1_000 + ledgerSeq): AuditEvent =>
  newEvent(100 + ledgerSeq, {
    at,
    action: "credits.spend",
    resource: { type: "credits", id: `ent_${ledgerSeq}` },
    cost: 1,
    changes: null,
    ledgerSeq,
  });

let salts = 0;
export const newSalt = () => `salt-${(salts += 1)}`;

export interface Chain {
  readonly rows: SealedRow[];
  readonly head: ChainHead;
}

export async function sealChain(events: readonly AuditEvent[], from: ChainHead = GENESIS): Promise<Chain> {
  const rows: SealedRow[] = [];
  let head = from;
  for (const one of events) {
    const row = await seal(head, one, await protectPersonalValues(one, newSalt));
    rows.push(row);
    head = headAfter(head, row);
  }
  return { rows, head };
}

/** Verifies as the store does: in pages, each of which may look at rows of the next one. */
export async function firstFault(
  rows: readonly SealedRow[],
  head: ChainHead,
  witness: ChainHead | null,
  pageSize = 1_000,
): Promise<ChainFault | null> {
  const sorted = [...rows].sort((a, b) => a.seq - b.seq);
  let walk: Parameters<typeof verifyRows>[0] = { head: GENESIS, hashBefore: null, fault: null };
  for (let start = 0; start < sorted.length && walk.fault === null; start += pageSize) {
    walk = await verifyRows(walk, sorted.slice(start, start + 2 * pageSize), pageSize, witness);
  }
  return verifyEnd(walk, head, witness);
}
