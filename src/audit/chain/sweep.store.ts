import { lt, sql } from "drizzle-orm";
import { now, DAY_MS } from "../../kernel/clock.ts";
import { batch, type Db } from "../../kernel/db.ts";
import { firstIdAt } from "../../kernel/id.ts";
import { IDEMPOTENCY_TTL_MS } from "../../kernel/http/idempotency.ts";
import { deadLetter } from "../../kernel/schema/audit.ts";
import { idempotency } from "../../kernel/schema/identity.ts";
import { listStagedAccounts } from "./outbox.store.ts";
import { stageGatheredRefusals } from "./refusal.store.ts";
import { compareHeads } from "./restored-state.store.ts";
import { sealAccount, type SealingContext } from "./sealing.store.ts";

export const CALL_LOG_TTL_MS = 7 * DAY_MS;
export const DEAD_LETTER_TTL_MS = 30 * DAY_MS;

const ACCOUNTS_PER_PAGE = 100;
/** Accounts that one sweep seals; the next one comes within a minute. */
const ACCOUNTS_MAX = 1_000;

/** Accounts whose chains are compared with their objects in one sweep, once all of them were. */
const COMPARED_PER_SWEEP = 100;
/**
 * Where the comparison goes on in this isolate. The first round is made at once, because an operator who puts
 * a database back starts the gate again.
 */
const comparison = { after: "", isFirst: true };

/**
 * What the clock starts every minute, and a server when it comes up: stops accounts whose database was put
 * back, seals what was left behind, and once an hour removes what is past its time, because that reads whole
 * tables.
 */
export async function sweepAudit(trail: SealingContext): Promise<void> {
  const at = now();
  await compareAccounts(trail);
  await stageGatheredRefusals(trail.db, at);
  await sealOutboxes(trail);
  if (new Date(at).getUTCMinutes() === 0) await pruneAudit(trail.db, at);
}

/** Accounts that seal something are compared anyway; this is for the others. */
async function compareAccounts({ db, ledgers }: SealingContext): Promise<void> {
  const last = await compareHeads(
    db,
    ledgers,
    comparison.after,
    comparison.isFirst ? ACCOUNTS_MAX : COMPARED_PER_SWEEP,
  );
  if (last === null) comparison.isFirst = false;
  comparison.after = last ?? "";
}

/**
 * Seals the events that are still in the outbox of D1, because their message was lost with the process, or
 * because the queue gave up. A chain that cannot grow holds up no other. The ledger entries that no message
 * carried are offered again by their object.
 */
async function sealOutboxes(trail: SealingContext): Promise<void> {
  let after = "";
  for (let count = 0; count < ACCOUNTS_MAX; count += ACCOUNTS_PER_PAGE) {
    const accountIds = await listStagedAccounts(trail.db, after, ACCOUNTS_PER_PAGE);
    for (const accountId of accountIds) {
      try {
        await sealAccount(trail, accountId, [], "given");
      } catch (error) {
        console.error({
          message: "the outbox of an account cannot be sealed",
          accountId,
          error: String(error),
        });
      }
    }
    after = accountIds.at(-1) ?? after;
    if (accountIds.length < ACCOUNTS_PER_PAGE) return;
  }
}

/**
 * Removes what is past its time: calls, remembered idempotency keys, dead letters.
 * @param at milliseconds since the epoch
 */
export async function pruneAudit(db: Db, at: number): Promise<void> {
  await batch(db, [
    // Account by account, because the ids sort by time only inside one; nothing else of the log is read.
    db.run(
      sql`DELETE FROM call_log WHERE account_id IN (SELECT id FROM account UNION ALL SELECT '')
        AND id < ${firstIdAt("call", at - CALL_LOG_TTL_MS)}`,
    ),
    db.delete(idempotency).where(lt(idempotency.createdAt, at - IDEMPOTENCY_TTL_MS)),
    db.delete(deadLetter).where(lt(deadLetter.at, at - DEAD_LETTER_TTL_MS)),
  ]);
}
