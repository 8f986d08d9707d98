import { and, asc, eq, gt, sql } from "drizzle-orm";
import { SEALED_COLUMNS } from "../chain/chain.store.ts";
import type { SealedRow } from "../chain/chain.ts";
import type { PersonalValues } from "../chain/personal-value.ts";
import type { Db, Statement } from "../../kernel/db.ts";
import { auditEvent } from "../../kernel/schema/audit.ts";
import { account, member } from "../../kernel/schema/team.ts";

export const findAccountId = (db: Db, id: string) =>
  db.select({ id: account.id }).from(account).where(eq(account.id, id));
export const findMemberId = (db: Db, accountId: string, id: string) =>
  db
    .select({ id: member.id })
    .from(member)
    .where(and(eq(member.accountId, accountId), eq(member.id, id)));

/**
 * Rows that name a member, wherever: reads the account's chain from `after` on, because no index serves this
 * often.
 */
export const selectRowsNaming = (db: Db, accountId: string, memberId: string, after: number, limit: number) =>
  db
    .select(SEALED_COLUMNS)
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        gt(auditEvent.seq, after),
        sql`instr(${auditEvent.body}, ${JSON.stringify(memberId)}) > 0`,
      ),
    )
    .orderBy(asc(auditEvent.seq))
    .limit(limit);

/** The digests stay where they are, so the chain verifies. */
export function erasePersonalValues(
  db: Db,
  accountId: string,
  rows: ReadonlyArray<Pick<SealedRow, "seq"> & { readonly personal: PersonalValues }>,
): Statement {
  const values = rows.map(({ seq, personal }) => ({ seq, personal: JSON.stringify(personal) }));
  return db.run(sql`UPDATE audit_event SET personal = rows.value->>'personal'
    FROM json_each(${JSON.stringify(values)}) AS rows
    WHERE account_id = ${accountId} AND seq = rows.value->>'seq'`);
}
