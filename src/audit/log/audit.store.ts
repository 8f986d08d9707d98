import { and, desc, eq, gte, inArray, isNull, lt, lte, notLike, or, type SQL, sql } from "drizzle-orm";
import { SEALED_COLUMNS } from "../chain/chain.store.ts";
import type { Db } from "../../kernel/db.ts";
import { firstIdAt } from "../../kernel/id.ts";
import { auditEvent, callLog } from "../../kernel/schema/audit.ts";
import type { LogVisibility } from "./log-visibility.ts";

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
export const listEvents = (
  db: Db,
  accountId: string,
  visibility: LogVisibility,
  filter: AuditFilter,
  before: number | null,
  limit: number,
) =>
  db
    .select(SEALED_COLUMNS)
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        before === null ? undefined : lt(auditEvent.seq, before),
        whereVisibleRows(visibility),
        whereFilter(filter),
      ),
    )
    .orderBy(desc(auditEvent.seq))
    .limit(limit);

/**
 * By the indexes of an actor and of an object; every other filter reads the account's log until a page is
 * full.
 */
const whereFilter = ({
  action,
  actor,
  resourceType,
  resourceId,
  outcome,
  requestId,
  from,
  to,
}: AuditFilter): SQL | undefined =>
  and(
    action === undefined ? undefined : whereAction(action),
    actor === undefined ? undefined : eq(auditEvent.memberId, actor),
    resourceType === undefined ? undefined : eq(auditEvent.resourceType, resourceType),
    resourceId === undefined ? undefined : eq(auditEvent.resourceId, resourceId),
    outcome === undefined ? undefined : eq(auditEvent.outcome, outcome),
    requestId === undefined ? undefined : sql`${auditEvent.body}->>'$.origin.requestId' = ${requestId}`,
    from === undefined ? undefined : gte(auditEvent.at, from),
    to === undefined ? undefined : lte(auditEvent.at, to),
  );

/** All actions of a type lie between "type." and "type/", the character after the dot. */
const whereAction = (action: string): SQL | undefined =>
  action.endsWith("*")
    ? and(gte(auditEvent.action, action.slice(0, -1)), lt(auditEvent.action, `${action.slice(0, -2)}/`))
    : eq(auditEvent.action, action);

/** The log knows two reaches: all rows, or the member's own. */
function whereOwnRows(
  { logFilter }: LogVisibility,
  memberId: typeof auditEvent.memberId | typeof callLog.memberId,
  canSeeOthers: boolean = true,
): SQL | undefined {
  if (logFilter.kind === "none") return sql`0`;
  if (logFilter.reach.all && canSeeOthers) return undefined;
  return logFilter.reach.all || logFilter.reach.own ? eq(memberId, logFilter.memberId) : sql`0`;
}

/** Others' rows only as far as they tell of what the member may see. */
function whereVisibleRows(visibility: LogVisibility): SQL | undefined {
  const { logFilter } = visibility;
  if (logFilter.kind === "none" || !logFilter.reach.all) return whereOwnRows(visibility, auditEvent.memberId);
  return or(eq(auditEvent.memberId, logFilter.memberId), whereVisibleObjects(visibility));
}

/**
 * Types without a right to see them that tell of a member, the one who acted: as far as that member is seen.
 */
const TYPES_ABOUT_MEMBERS: readonly string[] = ["invitation", "session"];

/** Rows about objects that the member may see, by any actor. */
export function whereVisibleObjects({
  hiddenTypes,
  partlyVisibleTypes,
  groupFilter,
  visibleMembers,
}: Pick<LogVisibility, "hiddenTypes" | "partlyVisibleTypes" | "groupFilter" | "visibleMembers">):
  | SQL
  | undefined {
  const { accountId, resourceType, resourceId, memberId } = auditEvent;
  return and(
    visibleMembers === "all"
      ? undefined
      : or(
          sql`${resourceType} NOT IN ${jsonValues(TYPES_ABOUT_MEMBERS)}`,
          sql`${memberId} IN ${jsonValues(visibleMembers)}`,
        ),
    sql`${resourceType} NOT IN ${jsonValues(hiddenTypes)}`,
    groupFilter === null
      ? undefined
      : or(
          sql`${resourceType} NOT IN ${jsonValues(groupFilter.types)}`,
          isNull(resourceId),
          sql`EXISTS (SELECT 1 FROM resource r
            WHERE r.id = ${resourceId} AND r.account_id = ${accountId}
              AND r.group_id IN ${jsonValues(groupFilter.groups)})`,
        ),
    or(
      sql`${resourceType} NOT IN ${jsonValues(partlyVisibleTypes.map(({ type }) => type))}`,
      isNull(resourceId),
      sql`${resourceType} || ' ' || ${resourceId} IN
        ${jsonValues(partlyVisibleTypes.flatMap(({ type, ids }) => ids.map((id) => `${type} ${id}`)))}`,
    ),
  );
}

/** As one parameter, however many they are. */
const jsonValues = (list: readonly string[]): SQL =>
  sql`(SELECT value FROM json_each(${JSON.stringify(list)}))`;

/**
 * What was done to objects of these types, and to grants, and what was refused of it, for credits too;
 * reading is no operation on an object.
 */
export const listObjectLog = (
  db: Db,
  accountId: string,
  visibility: LogVisibility,
  types: readonly string[],
  filter: AuditFilter,
  startingAfter: string | null,
  limit: number,
) =>
  db
    .select(SEALED_COLUMNS)
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        startingAfter === null ? undefined : sql`${auditEvent.seq} < ${seqOfEvent(accountId, startingAfter)}`,
        whereVisibleRows(visibility),
        whereFilter(filter),
        or(inArray(auditEvent.resourceType, [...types]), eq(auditEvent.action, "grant.edit")),
        notLike(auditEvent.action, "%.view"),
      ),
    )
    .orderBy(desc(auditEvent.seq))
    .limit(limit);

/** By the index of ids; entries of the ledger are not in it, so one of those is looked for in the log. */
const seqOfEvent = (accountId: string, id: string): SQL => sql`coalesce(
  (SELECT seq FROM audit_event WHERE id = ${id} AND ledger_seq IS NULL AND account_id = ${accountId}),
  (SELECT seq FROM audit_event WHERE id = ${id} AND ledger_seq IS NOT NULL AND account_id = ${accountId}))`;

/** Whether `id` is an event of this account that the caller may see: the place to go on from. */
export const findVisibleSeq = (db: Db, accountId: string, visibility: LogVisibility, id: string) =>
  db
    .select({ seq: auditEvent.seq })
    .from(auditEvent)
    .where(
      and(
        eq(auditEvent.accountId, accountId),
        sql`${auditEvent.seq} = ${seqOfEvent(accountId, id)}`,
        whereVisibleRows(visibility),
      ),
    );

/** What the call log can be narrowed to; times in milliseconds since the epoch, `to` not included. */
export interface CallFilter {
  readonly member?: string | undefined;
  readonly method?: string | undefined;
  /** A path and all below it. */
  readonly path?: string | undefined;
  /** A status, or all of a class: `4xx`. */
  readonly status?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly callerRequestId?: string | undefined;
}

/**
 * The calls of an account, the newest first: their ids sort by time, so a period is a range of the key. Other
 * filters read the period: an index would write one more row for every call.
 */
export const listCalls = (
  db: Db,
  accountId: string,
  visibility: LogVisibility,
  filter: CallFilter,
  before: string | null,
  limit: number,
) =>
  db
    .select()
    .from(callLog)
    .where(
      and(
        eq(callLog.accountId, accountId),
        before === null ? undefined : lt(callLog.id, before),
        whereOwnRows(visibility, callLog.memberId, visibility.canSeeEverything),
        whereCallFilter(filter),
      ),
    )
    .orderBy(desc(callLog.id))
    .limit(limit);

const whereCallFilter = ({
  member,
  method,
  path,
  status,
  from,
  to,
  callerRequestId,
}: CallFilter): SQL | undefined =>
  and(
    callerRequestId === undefined ? undefined : eq(callLog.callerRequestId, callerRequestId),
    member === undefined ? undefined : eq(callLog.memberId, member),
    method === undefined ? undefined : eq(callLog.method, method),
    path === undefined
      ? undefined
      : or(eq(callLog.path, path), and(gte(callLog.path, `${path}/`), lt(callLog.path, `${path}0`))),
    status === undefined ? undefined : whereStatus(status),
    from === undefined ? undefined : gte(callLog.id, firstIdAt("call", from)),
    to === undefined ? undefined : lt(callLog.id, firstIdAt("call", to)),
  );

const whereStatus = (status: string): SQL | undefined =>
  status.endsWith("xx")
    ? and(gte(callLog.status, Number(status[0]) * 100), lt(callLog.status, Number(status[0]) * 100 + 100))
    : eq(callLog.status, Number(status));
