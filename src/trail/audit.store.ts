import { and, desc, eq, gte, inArray, isNull, lt, lte, notLike, or, type SQL, sql } from "drizzle-orm";
import { SEALED_COLUMNS } from "../audit/chain.store.ts";
import type { Db } from "../kernel/db.ts";
import { auditEvent, callLog } from "../schema/audit.ts";
import type { Sight } from "./sight.ts";

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
export const listEvents = (db: Db, accountId: string, sight: Sight, filter: AuditFilter, before: number | null, limit: number) =>
  db.select(SEALED_COLUMNS).from(auditEvent).where(and(
    eq(auditEvent.accountId, accountId),
    before === null ? undefined : lt(auditEvent.seq, before),
    seenRows(sight),
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
function ownRows({ log }: Sight, memberId: typeof auditEvent.memberId | typeof callLog.memberId, everybody: boolean = true): SQL | undefined {
  if (log.kind === "none") return sql`0`;
  if (log.reach.all && everybody) return undefined;
  return log.reach.all || log.reach.own ? eq(memberId, log.memberId) : sql`0`;
}

/** Others' rows only as far as they tell of what the member may see. */
function seenRows(sight: Sight): SQL | undefined {
  const { log } = sight;
  if (log.kind === "none" || !log.reach.all) return ownRows(sight, auditEvent.memberId);
  return or(eq(auditEvent.memberId, log.memberId), toldRows(sight));
}

/** Rows that tell of what the member may see, whoever did it. */
export function toldRows({ hidden, partly, grouped }: Pick<Sight, "hidden" | "partly" | "grouped">): SQL | undefined {
  const { accountId, resourceType, resourceId } = auditEvent;
  return and(
    sql`${resourceType} NOT IN ${values(hidden)}`,
    grouped === null ? undefined : or(sql`${resourceType} NOT IN ${values(grouped.types)}`, isNull(resourceId),
      sql`EXISTS (SELECT 1 FROM resource r WHERE r.id = ${resourceId} AND r.account_id = ${accountId} AND r.group_id IN ${values(grouped.groups)})`),
    or(sql`${resourceType} NOT IN ${values(partly.map(({ type }) => type))}`, isNull(resourceId),
      sql`${resourceType} || ' ' || ${resourceId} IN ${values(partly.flatMap(({ type, ids }) => ids.map((id) => `${type} ${id}`)))}`),
  );
}

/** As one parameter, however many they are. */
const values = (list: readonly string[]): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(list)}))`;

/** What was done to objects of these types, and to grants, and what was refused of it; reading is no operation on an object. */
export const listObjectLog = (db: Db, accountId: string, sight: Sight, types: readonly string[], startingAfter: string | null, limit: number) =>
  db.select(SEALED_COLUMNS).from(auditEvent).where(and(
    eq(auditEvent.accountId, accountId), isNull(auditEvent.ledgerSeq),
    startingAfter === null ? undefined : sql`${auditEvent.seq} < (
      SELECT seq FROM audit_event WHERE id = ${startingAfter} AND ledger_seq IS NULL AND account_id = ${accountId})`,
    seenRows(sight),
    or(inArray(auditEvent.resourceType, [...types]), eq(auditEvent.action, "grant.edit")),
    notLike(auditEvent.action, "%.view"),
  )).orderBy(desc(auditEvent.seq)).limit(limit);

/** Whether `id` is an event of this account that the caller may see: the place to go on from. */
export const findPlace = (db: Db, accountId: string, sight: Sight, id: string) =>
  db.select({ seq: auditEvent.seq }).from(auditEvent).where(and(
    eq(auditEvent.id, id), isNull(auditEvent.ledgerSeq), eq(auditEvent.accountId, accountId), seenRows(sight),
  ));

/** The calls of an account, the newest first: their ids sort by time. */
export const listCalls = (db: Db, accountId: string, sight: Sight, before: string | null, limit: number) =>
  db.select().from(callLog).where(and(
    eq(callLog.accountId, accountId), before === null ? undefined : lt(callLog.id, before), ownRows(sight, callLog.memberId, sight.whole),
  )).orderBy(desc(callLog.id)).limit(limit);
