import { and, desc, eq, isNull, lt, ne, or, sql } from "drizzle-orm";
import { SEALED_COLUMNS } from "../../audit/chain/chain.store.ts";
import type { Db } from "../../kernel/db.ts";
import { auditEvent } from "../../kernel/schema/audit.ts";
import { whereVisibleObjects } from "../../audit/log/audit.store.ts";
import type { LogVisibility } from "../../audit/log/log-visibility.ts";

/**
 * What tells of the cost is the change that was paid for. The entry that paid for it is left out, and a
 * refused one is the only trace there is.
 */
const WITHOUT_PAYMENT_ENTRIES = or(
  isNull(auditEvent.ledgerSeq),
  ne(auditEvent.outcome, "success"),
  sql`${auditEvent.body} ->> '$.cost' IS NOT NULL`,
);

/**
 * What a member did and tried, the newest first, after `before`. The index is named, because without
 * statistics of the data the planner would read the log by its sequence, with the rows of all members.
 * @param sight of another member who asks; null: the member's own
 */
export const listMemberEvents = (
  db: Db,
  accountId: string,
  memberId: string,
  sight: LogVisibility | null,
  before: number | null,
  limit: number,
) =>
  db
    .select(SEALED_COLUMNS)
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        sql`${auditEvent.seq} IN (SELECT ${auditEvent.seq}
          FROM ${auditEvent} INDEXED BY audit_event_member WHERE ${and(
            eq(auditEvent.accountId, accountId),
            eq(auditEvent.memberId, memberId),
            before === null ? undefined : lt(auditEvent.seq, before),
            WITHOUT_PAYMENT_ENTRIES,
            sight === null ? undefined : whereVisibleObjects(sight),
          )} ORDER BY ${auditEvent.seq} DESC LIMIT ${limit})`,
      ),
    )
    .orderBy(desc(auditEvent.seq));
