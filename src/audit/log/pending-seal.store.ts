import type { LedgerOutboxes } from "../chain/ledger.ts";
import { sealAccount } from "../chain/sealing.store.ts";
import type { Env } from "../../env.ts";
import type { Db } from "../../kernel/db.ts";

/** The objects behind the ledgers; they are made in a room beside this one. */
export type LedgerOutboxesOf = (env: Env) => LedgerOutboxes;

/**
 * Seals what waits, so that a reader sees the last change at once. Sealing is the same for everybody and may
 * happen at any time, so it is no effect of the call that reads; when it fails, what is sealed is still
 * answered.
 * @returns whether nothing waits any more
 */
export async function sealPending(
  env: Env,
  db: Db,
  accountId: string,
  ledgerOutboxesOf: LedgerOutboxesOf,
): Promise<boolean> {
  try {
    await sealAccount(
      { db, signingKeys: env.SIGNING_KEYS, ledgers: ledgerOutboxesOf(env) },
      accountId,
      [],
      "object",
    );
    return true;
  } catch (error) {
    console.error({
      message: "the trail is read before all of it is sealed",
      accountId,
      error: String(error),
    });
    return false;
  }
}
