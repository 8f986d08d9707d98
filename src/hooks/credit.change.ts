import type { AuditEvent } from "../audit/event.ts";
import { publish, stage } from "../audit/outbox.store.ts";
import { refused } from "../credits/refusal.ts";
import { accountObject } from "../credits/stub.object.ts";
import type { Env } from "../env.ts";
import type { Call } from "../identity/call.ts";
import { assert } from "../kernel/assert.ts";
import { now } from "../kernel/clock.ts";
import { batch, type Db, failedGuard, openDb } from "../kernel/db.ts";
import { type Problem, PROBLEMS } from "../kernel/problem.ts";
import type { DeliveryRow, HookCreditRow } from "../schema/hook.ts";
import type { Credit } from "./credit.ts";
import { endCredit, findCreditOf, findCredits, findDeliveryById } from "./credit.store.ts";

/** Deliveries that are still at it are left alone for so long. To be faster than they are would be no fault, only work done twice. */
const PENDING_MS = 5_000;
const AT_ONCE = 100;

/** Gives what was accepted, and tells of it. Every step can be repeated: the ledger knows the command by its key. */
export async function finishCredit(env: Env, db: Db, row: HookCreditRow, at: number, defer: Call["defer"]): Promise<void> {
  const events = row.events as readonly AuditEvent[];
  const [first] = events;
  assert(first !== undefined, "what is given is told");
  const command = { op: "grant" as const, key: row.key, ...row.credit as Credit, priority: 100, effectiveAt: null, expiresAt: null };
  const refusal = refused(await accountObject(env, row.accountId).grant(row.accountId, command, { actor: first.actor, origin: first.origin }));
  const told = refusal === null ? events : events.filter(({ action }) => action === "hook.deliver").map((event) => against(event, refusal));
  const said = refusal === null ? null : { code: refusal.code, detail: refusal.extra.detail ?? PROBLEMS[refusal.code].detail };
  try {
    await batch(db, [...endCredit(db, row, { outcome: refusal === null ? "credited" : "refused", updatedAt: at }, said), ...told.map((event) => stage(db, event))]);
    defer(publish(env.AUDIT, first.accountId, told));
  } catch (error) {
    if (failedGuard(error) !== "changed") throw error;
  }
}

const against = (event: AuditEvent, { code }: Problem): AuditEvent =>
  ({ ...event, outcome: "failed", reason: code, changes: { before: {}, after: { ...event.changes?.after, outcome: "refused" } } });

/** A delivery whose credits were accepted, brought to its end by whoever asks for it: here and now, a call before, or another at this moment. */
export async function settled(call: Call, before: DeliveryRow): Promise<DeliveryRow> {
  const { env, db } = call;
  const [credit] = await findCreditOf(db, before.hookId, before.id);
  if (credit !== undefined) await finishCredit(env, db, credit, call.now, (work) => call.defer(work));
  const [row] = await findDeliveryById(db, before.hookId, before.id);
  return row ?? before;
}

/** Finishes what a crash left between acceptance and ledger, or between ledger and trail. */
export async function sweepCredits(env: Env, olderThanMs: number = PENDING_MS): Promise<void> {
  const db = openDb(env.DB);
  const at = now();
  for (const row of await findCredits(db, at - olderThanMs + 1, AT_ONCE)) {
    const work: Promise<unknown>[] = [];
    try {
      await finishCredit(env, db, row, at, (deferred) => work.push(deferred));
      await Promise.all(work);
    } catch (error) {
      console.error({ message: "credits of a hook cannot be given yet", accountId: row.accountId, error: String(error) });
    }
  }
}
