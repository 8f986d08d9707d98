import { and, desc, eq, gte, inArray, isNotNull, lt, type SQL, sql } from "drizzle-orm";
import type { Visible } from "../access/decide.ts";
import { among, whereVisible } from "../access/visible.store.ts";
import type { Db } from "../kernel/db.ts";
import { auditEvent } from "../schema/audit.ts";
import { resource } from "../schema/resource.ts";
import { account } from "../schema/team.ts";
import type { Period } from "./report.ts";

/** Which accounts a report covers: the one acted on, and of those below it all (null), or these. */
export interface Covered {
  readonly accountId: string;
  readonly below: ReadonlySet<string> | null;
}

/** One type in a report: its rows in reach. */
export interface Part {
  readonly type: string;
  readonly visible: Visible;
}

const covered = ({ accountId, below }: Covered): SQL => (below !== null && below.size === 0
  ? sql`${resource.accountId} = ${accountId}`
  : sql`${resource.accountId} IN (SELECT ${accountId} UNION ALL SELECT id FROM account WHERE parent_id = ${accountId}${below === null ? sql`` : sql` AND ${among(account.id, below)}`})`);

const within = (column: typeof resource.createdAt | typeof resource.expiresAt, { from, to }: Period): SQL | undefined => and(gte(column, from), lt(column, to));

/** What ends in the period, still active. */
export const findExpiring = (db: Db, accounts: Covered, { type, visible }: Part, period: Period, limit: number) =>
  db.select().from(resource)
    .where(and(covered(accounts), eq(resource.type, type), isNotNull(resource.expiresAt), within(resource.expiresAt, period), eq(resource.status, "active"), whereVisible(visible, resource)))
    .orderBy(resource.expiresAt, resource.id).limit(limit);

/** What was made in the period, with the name of its account. */
export const findMade = (db: Db, accounts: Covered, { type, visible }: Part, period: Period, limit: number) =>
  db.select({ row: resource, accountName: sql<string>`(SELECT name FROM account WHERE id = ${resource.accountId})`.as("account_name") }).from(resource)
    .where(and(covered(accounts), eq(resource.type, type), within(resource.createdAt, period), whereVisible(visible, resource)))
    .orderBy(desc(resource.id)).limit(limit);

const requestsOf = (value: string, { from, to }: Period): SQL<never> =>
  sql`(SELECT ${sql.raw(value)} FROM resource r WHERE r.parent_id = ${resource.id} AND r.account_id = ${resource.accountId} AND r.type = 'request' AND r.created_at >= ${from} AND r.created_at < ${to})`;

/** Keys with their requests of the period: how many, and the last. */
export const findKeys = (db: Db, { accountId }: Covered, { type, visible }: Part, period: Period, limit: number) =>
  db.select({
    row: resource, requests: requestsOf("COUNT(*)", period).mapWith(Number).as("requests"),
    lastRequestId: sql<string | null>`${requestsOf("MAX(r.id)", period)}`.as("last_request_id"),
    lastRequestAt: sql<number | null>`${requestsOf("MAX(r.created_at)", period)}`.as("last_request_at"),
  }).from(resource).where(and(eq(resource.accountId, accountId), eq(resource.type, type), whereVisible(visible, resource)))
    .orderBy(desc(resource.id)).limit(limit);

/** Whose events a report may name: everybody's, nobody's, or one member's. */
export type Named = { readonly members: "all" | "none" } | { readonly members: "one"; readonly memberId: string };

const events = (accountId: string, named: Named, { from, to }: Period): SQL | undefined => and(
  eq(auditEvent.accountId, accountId), eq(auditEvent.outcome, "success"), gte(auditEvent.at, from), lt(auditEvent.at, to),
  named.members === "one" ? eq(auditEvent.memberId, named.memberId) : undefined,
);

const memberOf = (named: Named) => (named.members === "none" ? sql<string | null>`NULL` : sql<string | null>`${auditEvent.memberId}`);

export const countUsage = (db: Db, accountId: string, named: Named, period: Period, limit: number) =>
  db.select({
    memberId: memberOf(named).as("member"), action: auditEvent.action, count: sql<number>`COUNT(*)`.as("events"),
    credits: sql<number>`TOTAL(${auditEvent.body} ->> '$.cost')`.as("credits"),
  }).from(auditEvent).where(events(accountId, named, period)).groupBy(sql`1`, auditEvent.action).orderBy(sql`1`, auditEvent.action).limit(limit);

export const findDownloads = (db: Db, accountId: string, named: Named, period: Period, limit: number) =>
  db.select({
    at: auditEvent.at, memberId: memberOf(named).as("member"), themeId: auditEvent.resourceId,
    file: sql<string | null>`${auditEvent.body} ->> '$.changes.after.file'`.as("file"),
  }).from(auditEvent).where(and(events(accountId, named, period), inArray(auditEvent.resourceType, ["theme"]), eq(auditEvent.action, "theme.download")))
    .orderBy(desc(auditEvent.seq)).limit(limit);
