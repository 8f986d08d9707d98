import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type AuditEvent, type AuditMessage, SYSTEM_ACTOR } from "../../../src/audit/chain/event.ts";
import type { AccountObject } from "../../../src/credits/account.object.ts";
import type { EntryContext, LedgerReply } from "../../../src/credits/ledger-entry.ts";
import type { GrantCommand, SpendCommand } from "../../../src/credits/ledger-command.ts";
import { accountObjectOf } from "../../../src/credits/account-stub.object.ts";
import { newId } from "../../../src/kernel/id.ts";

export const CONTEXT: EntryContext = {
  actor: { ...SYSTEM_ACTOR, type: "member", memberId: "mem_1", login: "Max" },
  origin: { requestId: "req_1", ip: "192.0.2.1", userAgent: "test" },
};
export const NO_LIMIT = { limit: null, limitPeriod: "lifetime" } as const;

export const outcomeOf = (reply: LedgerReply): string =>
  reply.kind === "recorded" ? reply.posted.outcome.kind : reply.kind;

type Method = (...values: never[]) => unknown;

/** A fresh account for each test, because storage is isolated for each file only. */
export function newLedger() {
  const accountId = newId("account", Date.now());
  const object = accountObjectOf(env, accountId);
  const isOurs = (message: AuditMessage): boolean =>
    message.kind === "entries" && message.accountId === accountId;

  const { intercepted, recorded } = interceptionOf(object, isOurs);
  return {
    accountId,
    object,
    ...commandsOf(object, accountId),
    events: (): Promise<AuditEvent[]> => object.entriesAfter(accountId, 0, 1_000),
    alarmAt: () => runInDurableObject(object, (_, state) => state.storage.getAlarm()),
    intercepted,
    recorded,
    rowsOf: (work: () => Promise<unknown>) => rowsOf(object, work),
  };
}

function commandsOf(object: DurableObjectStub<AccountObject>, accountId: string) {
  const spend = (key: string, amount: number, more: Partial<SpendCommand> = {}): Promise<LedgerReply> =>
    object.spend(
      accountId,
      {
        op: "spend",
        key: `mem_1:${key}`,
        memberId: "mem_1",
        amount,
        description: null,
        ...NO_LIMIT,
        subscriptionActive: true,
        settles: false,
        ...more,
      },
      CONTEXT,
    );

  const grant = (amount: number, more: Partial<GrantCommand> = {}): Promise<LedgerReply> =>
    object.grant(
      accountId,
      {
        op: "grant",
        key: `mem_p:${newId("request", Date.now())}`,
        kind: "top_up",
        amount,
        priority: 100,
        effectiveAt: null,
        expiresAt: null,
        ...more,
      },
      CONTEXT,
    );

  return { spend, grant };
}

function interceptionOf(
  object: DurableObjectStub<AccountObject>,
  isOurs: (message: AuditMessage) => boolean,
) {
  /**
   * Hands what this account's object sends while `work` runs to `accept`. Nothing of it reaches the trail, so
   * only the test itself seals events.
   */
  const intercepted = (
    accept: (message: AuditMessage) => Promise<void>,
    work: () => Promise<unknown>,
  ): Promise<void> =>
    replaced(
      object,
      queueOf,
      "send",
      (send) => (message: AuditMessage) => (isOurs(message) ? accept(message) : send(message as never)),
      work,
    );

  async function recorded(work: (sent: AuditMessage[]) => Promise<unknown>): Promise<void> {
    const sent: AuditMessage[] = [];
    await intercepted(
      async (message) => {
        sent.push(message);
      },
      () => work(sent),
    );
  }

  return { intercepted, recorded };
}

const queueOf = (instance: AccountObject): Queue =>
  (instance as unknown as { env: { AUDIT: Queue } }).env.AUDIT;

/** Rows that the object writes while `work` runs, alarms included. */
async function rowsOf(
  object: DurableObjectStub<AccountObject>,
  work: () => Promise<unknown>,
): Promise<number> {
  let rows = 0;
  await replaced(
    object,
    (_, state) => state.storage.sql,
    "exec",
    (exec) =>
      (...values: never[]) => {
        const cursor = exec(...values) as SqlStorageCursor<never>;
        const all = cursor.toArray();
        rows += cursor.rowsWritten;
        return { toArray: () => all };
      },
    () =>
      replaced(
        object,
        (_, state) => state.storage,
        "setAlarm",
        (setAlarm) =>
          (...values: never[]) => {
            rows += 1;
            return setAlarm(...values);
          },
        work,
      ),
  );
  return rows;
}

/** Replaces a method of a part of the platform inside the object while `work` runs. */
async function replaced(
  object: DurableObjectStub<AccountObject>,
  part: (instance: AccountObject, state: DurableObjectState) => object,
  name: string,
  by: (real: Method) => Method,
  work: () => Promise<unknown>,
): Promise<void> {
  await runInDurableObject(object, (instance, state) => {
    const target = part(instance, state) as Record<string, Method>;
    Object.defineProperty(target, name, {
      configurable: true,
      value: by((target[name] as Method).bind(target)),
    });
  });
  try {
    await work();
  } finally {
    await runInDurableObject(object, (instance, state) => {
      delete (part(instance, state) as Record<string, unknown>)[name];
    });
  }
}
