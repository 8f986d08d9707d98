import { eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { auditHead } from "../kernel/schema/audit.ts";
import { account } from "../kernel/schema/team.ts";
import type { AccountRow } from "./account.card.ts";

export const findHead = (db: Db, accountId: string) =>
  db
    .select({ seq: auditHead.seq, hash: auditHead.hash, ledgerSeq: auditHead.ledgerSeq })
    .from(auditHead)
    .where(eq(auditHead.accountId, accountId));

/** The account's calls are answered again, and each loads its rights again. */
export const acceptRestoredState = (
  db: Db,
  row: Pick<AccountRow, "id" | "version">,
  now: number,
): Statement[] => [
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM account WHERE id = ${row.id} AND version = ${row.version}
      AND restored_at IS NOT NULL)`,
  ),
  db
    .update(account)
    .set({ restoredAt: null, updatedAt: now, version: sql`MAX(${account.version} + 1, ${now})` })
    .where(eq(account.id, row.id)),
];
