import { and, desc, eq, gte, inArray, isNull, lt, lte, notLike, or, type SQL, sql } from "drizzle-orm";
import type { Visible } from "../access/decide.ts";
import { SEALED_COLUMNS } from "../audit/chain.store.ts";
import type { Db } from "../kernel/db.ts";
import { auditEvent, callLog } from "../schema/audit.ts";

/** What the audit log can be narrowed to; times in milliseconds since the epoch, both ends included. */
export interface AuditFilter {
  /** An action, or all of a type: `license.*`. */
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly resourceType?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly outcome?: string | undefined;
  readonly requestId?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The newest first, after `before`. */
export const listEvents = (db: Db, accountId: string, visible: Visible, filter: AuditFilter, before: number | null, limit: number) =>
  db.select(SEALED_COLUMNS).from(auditEvent).where(and(
    eq(auditEvent.accountId, accountId),
    before === null ? undefined : lt(auditEvent.seq, before),
    ownRows(visible, auditEvent.memberId),
    filter.action === undefined ? undefined : actionIs(filter.action),
    filter.actor === undefined ? undefined : eq(auditEvent.memberId, filter.actor),
    filter.resourceType === undefined ? undefined : eq(auditEvent.resourceType, filter.resourceType),
    filter.resourceId === undefined ? undefined : eq(auditEvent.resourceId, filter.resourceId),
    filter.outcome === undefined ? undefined : eq(auditEvent.outcome, filter.outcome),
    filter.requestId === undefined ? undefined : sql`${auditEvent.body}->>'$.origin.requestId' = ${filter.requestId}`,
    filter.from === undefined ? undefined : gte(auditEvent.at, filter.from),
    filter.to === undefined ? undefined : lte(auditEvent.at, filter.to),
  )).orderBy(desc(auditEvent.seq)).limit(limit);

/** All actions of a type lie between "type." and "type/", the character after the dot. */
const actionIs = (action: string): SQL | undefined => action.endsWith("*")
  ? and(gte(auditEvent.action, action.slice(0, -1)), lt(auditEvent.action, `${action.slice(0, -2)}/`))
  : eq(auditEvent.action, action);

/** The log knows two reaches: everybody's rows, or the member's own. */
function ownRows(visible: Visible, memberId: typeof auditEvent.memberId | typeof callLog.memberId): SQL | undefined {
  if (visible.kind === "none") return sql`0`;
  if (visible.reach.all) return undefined;
  return visible.reach.own ? eq(memberId, visible.memberId) : sql`0`;
}

/** What was done to objects of these types, and to grants, and what was refused of it; reading is no operation on an object. */
export const listObjectLog = (db: Db, accountId: string, visible: Visible, types: readonly string[], startingAfter: string | null, limit: number) =>
  db.select(SEALED_COLUMNS).from(auditEvent).where(and(
    eq(auditEvent.accountId, accountId), isNull(auditEvent.ledgerSeq),
    startingAfter === null ? undefined : sql`${auditEvent.seq} < (
      SELECT seq FROM audit_event WHERE id = ${startingAfter} AND ledger_seq IS NULL AND account_id = ${accountId})`,
    ownRows(visible, auditEvent.memberId),
    or(inArray(auditEvent.resourceType, [...types]), eq(auditEvent.action, "grant.edit")),
    notLike(auditEvent.action, "%.view"),
  )).orderBy(desc(auditEvent.seq)).limit(limit);

/** Whether `id` is an event of this account that the caller may see: the place to go on from. */
export const findPlace = (db: Db, accountId: string, visible: Visible, id: string) =>
  db.select({ seq: auditEvent.seq }).from(auditEvent).where(and(
    eq(auditEvent.id, id), isNull(auditEvent.ledgerSeq), eq(auditEvent.accountId, accountId), ownRows(visible, auditEvent.memberId),
  ));

/** The calls of an account, the newest first: their ids sort by time. */
export const listCalls = (db: Db, accountId: string, visible: Visible, before: string | null, limit: number) =>
  db.select().from(callLog).where(and(
    eq(callLog.accountId, accountId), before === null ? undefined : lt(callLog.id, before), ownRows(visible, callLog.memberId),
  )).orderBy(desc(callLog.id)).limit(limit);
