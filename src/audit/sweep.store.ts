import { lt, sql } from "drizzle-orm";
import { now } from "../kernel/clock.ts";
import { batch, type Db } from "../kernel/db.ts";
import { leastId } from "../kernel/id.ts";
import { IDEMPOTENCY_TTL_MS } from "../kernel/idempotency.ts";
import { deadLetter } from "../schema/audit.ts";
import { idempotency } from "../schema/identity.ts";
import type { LedgerOutboxes } from "./ledger.ts";
import { stagedAccounts } from "./outbox.store.ts";
import { sealAccount } from "./sealing.store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
export const CALL_LOG_TTL_MS = 7 * DAY_MS;
export const DEAD_LETTER_TTL_MS = 30 * DAY_MS;

const ACCOUNTS_PER_PAGE = 100;
/** Accounts that one sweep seals; the next one comes within a minute. */
const ACCOUNTS_MAX = 1_000;

/**
 * What the clock starts every minute, and a server when it comes up: seals what was left behind, and once an hour
 * removes what is past its time, because that reads whole tables.
 */
export async function sweep(db: Db, ledgers: LedgerOutboxes): Promise<void> {
  const at = now();
  await sealOutboxes(db, ledgers);
  if (new Date(at).getUTCMinutes() === 0) await prune(db, at);
}

/**
 * Seals whatever still lies in the outbox of D1: a message that was lost with the process, or that the queue gave up.
 * A chain that cannot grow holds up no other. The ledger entries that no message carried are offered again by their object.
 */
async function sealOutboxes(db: Db, ledgers: LedgerOutboxes): Promise<void> {
  let after = "";
  for (let count = 0; count < ACCOUNTS_MAX; count += ACCOUNTS_PER_PAGE) {
    const accountIds = await stagedAccounts(db, after, ACCOUNTS_PER_PAGE);
    for (const accountId of accountIds) {
      try {
        await sealAccount(db, ledgers(accountId), accountId, [], "given");
      } catch (error) {
        console.error({ message: "the outbox of an account cannot be sealed", accountId, error: String(error) });
      }
    }
    after = accountIds.at(-1) ?? after;
    if (accountIds.length < ACCOUNTS_PER_PAGE) return;
  }
}

/** Removes what is past its time: calls, remembered idempotency keys, dead letters. @param at milliseconds since the epoch */
export async function prune(db: Db, at: number): Promise<void> {
  await batch(db, [
    // Account by account, because the ids sort by time only inside one; nothing else of the log is read.
    db.run(sql`DELETE FROM call_log WHERE account_id IN (SELECT id FROM account UNION ALL SELECT '') AND id < ${leastId("call", at - CALL_LOG_TTL_MS)}`),
    db.delete(idempotency).where(lt(idempotency.createdAt, at - IDEMPOTENCY_TTL_MS)),
    db.delete(deadLetter).where(lt(deadLetter.at, at - DEAD_LETTER_TTL_MS)),
  ]);
}
