import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { AuditEvent, AuditMessage, ChainHead } from "../../../src/audit/chain/event.ts";
import type { LedgerOutbox, LedgerOutboxes, Restore } from "../../../src/audit/chain/ledger.ts";
import { consumeAuditBatch } from "../../../src/audit/chain/consumer.queue.ts";
import { stageEvent } from "../../../src/audit/chain/outbox.store.ts";
import { sealAccount } from "../../../src/audit/chain/sealing.store.ts";
import type { AccountObject } from "../../../src/credits/account.object.ts";
import { accountObjectOf } from "../../../src/credits/account-stub.object.ts";
import { batch, openDb } from "../../../src/kernel/db.ts";
import { newId } from "../../../src/kernel/id.ts";
import { WALK_START, verifyChain } from "../../../src/audit/log/verify.store.ts";
import { ACTOR } from "../../pure/audit/audit-example.ts";

export const db = openDb(env.DB);
export const newAccountId = () => newId("account", Date.now());
export const ledgers: LedgerOutboxes = (accountId) => accountObjectOf(env, accountId);

export const newEvent = (accountId: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  id: newId("event", Date.now()),
  accountId,
  at: Date.now(),
  actor: { ...ACTOR, accountId },
  action: "product.edit",
  resource: { type: "product", id: "prd_1" },
  outcome: "success",
  reason: null,
  cost: null,
  origin: { requestId: "req_1", ip: "192.0.2.7", userAgent: "test" },
  changes: { before: {}, after: { name: "New" } },
  ledgerSeq: null,
  ...more,
});

/** Events in the outbox of D1, as a commit leaves them. */
export async function stageEvents(
  accountId: string,
  count: number,
  more: Partial<AuditEvent> = {},
): Promise<AuditEvent[]> {
  const events = Array.from({ length: count }, () => newEvent(accountId, more));
  for (let start = 0; start < count; start += 50)
    await batch(
      db,
      events.slice(start, start + 50).map((one) => stageEvent(db, env.SIGNING_KEYS, one)),
    );
  return events;
}

/**
 * Ledger entries in the account's object, which sends none of them: each test says what the queue delivers.
 */
export async function createEntries(accountId: string, count: number): Promise<AuditEvent[]> {
  const object = accountObjectOf(env, accountId);
  await runInDurableObject(object, (instance: AccountObject) => {
    const { AUDIT } = (instance as unknown as { env: { AUDIT: Queue } }).env;
    Object.defineProperty(AUDIT, "send", { configurable: true, value: async () => undefined });
  });
  const { actor, origin } = newEvent(accountId);
  const key = () => crypto.randomUUID();
  const all = (): Promise<AuditEvent[]> => object.entriesAfter(accountId, 0, 1_000);
  const before = (await all()).length;
  const spending = {
    memberId: "mem_1",
    amount: 1,
    description: null,
    subscriptionActive: true,
    settles: false,
    limit: null,
    limitPeriod: "lifetime",
  } as const;
  for (let index = 0; index < count; index += 1) {
    // By turns, because an account has a hundred open lots at most.
    if (index % 2 === 0)
      await object.grant(
        accountId,
        {
          op: "grant",
          key: key(),
          kind: "top_up",
          amount: 1,
          priority: 1,
          effectiveAt: null,
          expiresAt: null,
        },
        { actor, origin },
      );
    else await object.spend(accountId, { op: "spend", key: key(), ...spending }, { actor, origin });
  }
  const made = (await all()).slice(before);
  expect(made.length).toBe(count);
  return made;
}

/** What the consumer said to the queue about each message of a batch. */
export async function deliverMessages(
  messages: readonly unknown[],
  use: LedgerOutboxes = ledgers,
  queue = "tollgate-audit",
) {
  const made = createMessageBatch(
    queue,
    messages.map((body, index) => ({
      id: `${crypto.randomUUID()}-${index}`,
      timestamp: new Date(),
      attempts: 1,
      body,
    })),
  );
  return deliverBatch(made, use);
}

export async function deliverBatch(made: MessageBatch, use: LedgerOutboxes = ledgers) {
  const context = createExecutionContext();
  await consumeAuditBatch(made, env, use);
  const result = await getQueueResult(made, context);
  return { acked: result.explicitAcks.length, retried: result.retryMessages.length };
}

export const stagedMessage = (accountId: string): AuditMessage => ({ kind: "staged", accountId });
export const entriesMessage = (events: readonly AuditEvent[]): AuditMessage => ({
  kind: "entries",
  accountId: events[0]?.accountId ?? "",
  events,
});

export const sealingContext = { db, signingKeys: env.SIGNING_KEYS, ledgers };
export const sealStaged = (accountId: string) => sealAccount(sealingContext, accountId, [], "object");

/** The ids in the chain, in its order. */
export async function readSealedIds(accountId: string): Promise<string[]> {
  const { results } = await env.DB.prepare("SELECT id FROM audit_event WHERE account_id = ? ORDER BY seq")
    .bind(accountId)
    .all<{ id: string }>();
  return results.map((row) => row.id);
}

export const outboxSize = async (accountId: string): Promise<number> =>
  (await env.DB.prepare("SELECT count(*) AS n FROM audit_outbox WHERE account_id = ?")
    .bind(accountId)
    .first<number>("n")) ?? 0;

export const readHead = async (accountId: string): Promise<ChainHead | null> =>
  env.DB.prepare("SELECT seq, hash, ledger_seq AS ledgerSeq FROM audit_head WHERE account_id = ?")
    .bind(accountId)
    .first<ChainHead>();

/** The first fault of the chain as the API would name it. */
export async function findFault(accountId: string) {
  const witness = await ledgers(accountId).sealedHead(accountId);
  return (await verifyChain(db, ledgers(accountId), accountId, WALK_START, witness)).fault;
}

/** The real ledger, with one of its answers replaced. */
export const fakeLedger =
  (accountId: string, change: Partial<LedgerOutbox>): LedgerOutboxes =>
  () => {
    const real = ledgers(accountId);
    return {
      entriesAfter: (id, afterSeq, limit) => real.entriesAfter(id, afterSeq, limit),
      sealed: (id, head) => real.sealed(id, head),
      sealedHead: (id) => real.sealedHead(id),
      refuseUntilAccepted: (id, database) => real.refuseUntilAccepted(id, database),
      acceptRestored: (id, database) => real.acceptRestored(id, database) as Promise<Restore | null>,
      erase: (id, memberId, record) => real.erase(id, memberId, record),
      erasures: (id) => real.erasures(id),
      restores: (id) => real.restores(id),
      ...change,
    };
  };
