import { and, desc, eq, gte, inArray, isNotNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { AccessFilter } from "../../access/decision.ts";
import { whereAccessible } from "../../access/access-filter.store.ts";
import type { Db } from "../../kernel/db.ts";
import { auditEvent } from "../../kernel/schema/audit.ts";
import { resource } from "../../kernel/schema/resource.ts";
import { whereVisibleObjects } from "../../audit/log/audit.store.ts";
import type { LogVisibility } from "../../audit/log/log-visibility.ts";
import type { Period } from "../../kernel/period.ts";

/** The accounts of a report: the one acted on, and those below it (null is all). */
export interface CoveredAccounts {
  readonly accountId: string;
  readonly below: ReadonlySet<string> | null;
  /** Accounts that are left out, because they are closed to the caller's address. */
  readonly closed: ReadonlySet<string>;
}

/** One type in a report: its rows in reach. */
export interface TypeFilter {
  readonly type: string;
  readonly access: AccessFilter;
}

const whereCovered = ({ accountId, below, closed }: CoveredAccounts): SQL =>
  below !== null && below.size === 0
    ? sql`${resource.accountId} = ${accountId}`
    : sql`${resource.accountId} IN (SELECT ${accountId} UNION ALL
    SELECT below.id FROM account below JOIN account above ON above.id = below.parent_id
    WHERE (above.id = ${accountId} OR above.parent_id = ${accountId})
      ${below === null ? sql`` : sql`AND (${inSet("below.id", below)} OR ${inSet("above.id", below)})`}
      ${closed.size === 0 ? sql`` : sql`AND NOT ${inSet("below.id", closed)}`})`;

const inSet = (column: string, values: ReadonlySet<string>): SQL =>
  sql`${sql.raw(column)} IN (SELECT value FROM json_each(${JSON.stringify([...values])}))`;

const whereInPeriod = (
  column: typeof resource.createdAt | typeof resource.expiresAt,
  { from, to }: Period,
): SQL | undefined => and(gte(column, from), lt(column, to));

/** The columns of an object in a report: never all of its attributes, which may be long. */
const REPORT_COLUMNS = {
  accountId: resource.accountId,
  type: resource.type,
  id: resource.id,
  name: resource.name,
  status: resource.status,
  parentId: resource.parentId,
  createdAt: resource.createdAt,
  updatedAt: resource.updatedAt,
  expiresAt: resource.expiresAt,
};

/** Active objects that expire in the period. */
export const findExpiring = (
  db: Db,
  accounts: CoveredAccounts,
  { type, access }: TypeFilter,
  period: Period,
  limit: number,
) =>
  db
    .select(REPORT_COLUMNS)
    .from(resource)
    .where(
      and(
        whereCovered(accounts),
        eq(resource.type, type),
        isNotNull(resource.expiresAt),
        whereInPeriod(resource.expiresAt, period),
        eq(resource.status, "active"),
        whereAccessible(access, resource),
      ),
    )
    .orderBy(resource.expiresAt, resource.id)
    .limit(limit);

/** Objects that were made in the period, with the name of their account. */
export const findCreated = (
  db: Db,
  accounts: CoveredAccounts,
  { type, access }: TypeFilter,
  period: Period,
  limit: number,
) =>
  db
    .select({
      ...REPORT_COLUMNS,
      accountName: sql<string>`(SELECT a.name FROM account a WHERE a.id = resource.account_id)`.as(
        "account_name",
      ),
      updates: sql<number | null>`${resource.attributes} ->> '$.updates'`.as("updates"),
    })
    .from(resource)
    .where(
      and(
        whereCovered(accounts),
        eq(resource.type, type),
        whereInPeriod(resource.createdAt, period),
        whereAccessible(access, resource),
      ),
    )
    .orderBy(desc(resource.id))
    .limit(limit);

/**
 * The table is named by hand. Drizzle leaves its name out where only one table is selected from, and the
 * inner table would be meant.
 */
const requestsInPeriod = <Value>(value: string, { from, to }: Period) =>
  sql<Value>`(SELECT ${sql.raw(value)} FROM resource r
    WHERE r.parent_id = resource.id AND r.account_id = resource.account_id
    AND r.type = 'request' AND r.created_at >= ${from} AND r.created_at < ${to})`;

/** Keys with their requests of the period: how many, and the last. */
export const findKeysWithRequests = (
  db: Db,
  accountId: string,
  { type, access }: TypeFilter,
  period: Period,
  limit: number,
) =>
  db
    .select({
      ...REPORT_COLUMNS,
      requests: requestsInPeriod<number>("COUNT(*)", period).as("requests"),
      lastRequestId: requestsInPeriod<string | null>("MAX(r.id)", period).as("last_request_id"),
      lastRequestAt: requestsInPeriod<number | null>("MAX(r.created_at)", period).as("last_request_at"),
      sosLicenseId: sql<string | null>`${resource.attributes} ->> '$.sosLicenseId'`.as("sos_license_id"),
      sosExpiresAt: sql<string | null>`${resource.attributes} ->> '$.sosExpiresAt'`.as("sos_expires_at"),
    })
    .from(resource)
    .where(and(eq(resource.accountId, accountId), eq(resource.type, type), whereAccessible(access, resource)))
    .orderBy(desc(resource.id))
    .limit(limit);

/**
 * Which members a report may name: all or none, as far as the member who asks may see the objects of their
 * events; or only the member who asks.
 */
export type MemberVisibility = { readonly memberId: string } & (
  | {
      readonly members: "all" | "none";
      readonly sight: Pick<
        LogVisibility,
        "hiddenTypes" | "partlyVisibleTypes" | "groupFilter" | "visibleMembers"
      >;
    }
  | { readonly members: "one" }
);

const whereVisibleEvents = (
  accountId: string,
  visibility: MemberVisibility,
  { from, to }: Period,
): SQL | undefined =>
  and(
    eq(auditEvent.accountId, accountId),
    eq(auditEvent.outcome, "success"),
    gte(auditEvent.at, from),
    lt(auditEvent.at, to),
    visibility.members === "one"
      ? eq(auditEvent.memberId, visibility.memberId)
      : or(eq(auditEvent.memberId, visibility.memberId), whereVisibleObjects(visibility.sight)),
  );

const memberColumn = (visibility: MemberVisibility) =>
  visibility.members === "none" ? sql<string | null>`NULL` : sql<string | null>`${auditEvent.memberId}`;

export const countUsage = (
  db: Db,
  accountId: string,
  visibility: MemberVisibility,
  period: Period,
  limit: number,
) =>
  db
    .select({
      memberId: memberColumn(visibility).as("member"),
      action: auditEvent.action,
      count: sql<number>`COUNT(*)`.as("events"),
      credits: sql<number>`TOTAL(${auditEvent.body} ->> '$.cost')`.as("credits"),
    })
    .from(auditEvent)
    .where(whereVisibleEvents(accountId, visibility, period))
    .groupBy(sql`1`, auditEvent.action)
    .orderBy(sql`1`, auditEvent.action)
    .limit(limit);

export const findDownloads = (
  db: Db,
  accountId: string,
  visibility: MemberVisibility,
  period: Period,
  limit: number,
) =>
  db
    .select({
      at: auditEvent.at,
      memberId: memberColumn(visibility).as("member"),
      themeId: auditEvent.resourceId,
      file: sql<string | null>`${auditEvent.body} ->> '$.changes.after.file'`.as("file"),
    })
    .from(auditEvent)
    .where(
      and(
        whereVisibleEvents(accountId, visibility, period),
        inArray(auditEvent.resourceType, ["theme"]),
        eq(auditEvent.action, "theme.download"),
      ),
    )
    .orderBy(desc(auditEvent.seq))
    .limit(limit);
