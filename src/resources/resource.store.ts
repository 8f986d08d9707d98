import { and, desc, eq, inArray, lt, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Visible } from "../access/decide.ts";
import { whereVisible } from "../access/visible.store.ts";
import { type Db, guard, prepared, type Statement } from "../kernel/db.ts";
import { resource, type ResourceRow } from "../schema/resource.ts";
import { accessGrant, member } from "../schema/team.ts";

type Value = string | Placeholder;

const at = (accountId: Value, type: Value, id: Value): SQL | undefined =>
  and(eq(resource.accountId, accountId), eq(resource.type, type), eq(resource.id, id));

export const findResource = (db: Db, accountId: string, type: string, id: string) => one(db, { accountId, type, id });

const one = prepared((db) => db.select().from(resource).where(at(sql.placeholder("accountId"), sql.placeholder("type"), sql.placeholder("id"))));

/** Objects that a call names, each with the type it must have: at least one. */
export const findNamed = (db: Db, accountId: string, named: readonly { type: string; id: string }[]) =>
  db.select().from(resource).where(or(...named.map(({ type, id }) => at(accountId, type, id))));

export interface ListFilter {
  readonly visible: Visible;
  readonly parentId: string | null;
  readonly referenceId: string | null;
  /** Begins before this id. */
  readonly before: string | null;
}

/** Newest first: one query, whatever the member may see. */
export const listResources = (db: Db, accountId: string, type: string, filter: ListFilter, limit: number) =>
  db.select().from(resource).where(and(
    eq(resource.accountId, accountId), eq(resource.type, type), whereVisible(filter.visible, resource),
    filter.parentId === null ? undefined : eq(resource.parentId, filter.parentId),
    filter.referenceId === null ? undefined : eq(resource.referenceId, filter.referenceId),
    filter.before === null ? undefined : lt(resource.id, filter.before),
  )).orderBy(desc(resource.id)).limit(limit);

export const insertResource = (db: Db, row: ResourceRow): Statement => db.insert(resource).values(row);

/** Fails the batch when an object that the change builds on is gone or another than was read. */
export const guardResource = (db: Db, row: Pick<ResourceRow, "accountId" | "type" | "id" | "version">): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM resource
    WHERE account_id = ${row.accountId} AND type = ${row.type} AND id = ${row.id} AND version = ${row.version})`);

/** The same, where only its existence counts. */
export const guardPresence = (db: Db, row: Pick<ResourceRow, "accountId" | "type" | "id">): Statement =>
  guard(db, "changed", sql`EXISTS (SELECT 1 FROM resource WHERE account_id = ${row.accountId} AND type = ${row.type} AND id = ${row.id})`);

export const updateResource = (db: Db, row: ResourceRow): Statement =>
  db.update(resource)
    .set({ attributes: row.attributes, name: row.name, referenceId: row.referenceId, updatedAt: row.updatedAt, version: row.version })
    .where(at(row.accountId, row.type, row.id));

const grantsOn = (row: ResourceRow): SQL | undefined =>
  and(eq(accessGrant.accountId, row.accountId), eq(accessGrant.resourceType, row.type), eq(accessGrant.resourceId, row.id));

/**
 * Removes it with the grants on it, and only while nothing belongs to it or names it. Whoever had such a grant has other
 * rights from now on, so their versions move.
 */
export const deleteResource = (db: Db, row: ResourceRow): Statement[] => [
  guard(db, "has_dependents", sql`NOT EXISTS (SELECT 1 FROM resource WHERE account_id = ${row.accountId} AND parent_id = ${row.id})
    AND NOT EXISTS (SELECT 1 FROM resource WHERE account_id = ${row.accountId} AND reference_id = ${row.id})`),
  db.delete(resource).where(at(row.accountId, row.type, row.id)),
  db.update(member).set({ version: sql`${member.version} + 1` })
    .where(inArray(member.id, db.select({ id: accessGrant.memberId }).from(accessGrant).where(grantsOn(row)))),
  db.delete(accessGrant).where(grantsOn(row)),
];
