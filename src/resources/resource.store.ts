import { and, eq, inArray, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Permit } from "../gate/permits/permit.ts";
import { type Db, guard, prepared, type Statement } from "../kernel/db.ts";
import { resource, type ResourceRow } from "../kernel/schema/resource.ts";
import { accessGrant, member } from "../kernel/schema/team.ts";
import type { AttributeChange } from "./types/declaration.ts";

type Bindable = string | Placeholder | SQL;

const whereResource = (accountId: Bindable, type: Bindable, id: Bindable): SQL | undefined =>
  and(eq(resource.accountId, accountId), eq(resource.type, type), eq(resource.id, id));

export const findResource = (db: Db, accountId: string, type: string, id: string) =>
  selectResource(db, { accountId, type, id });

const selectResource = prepared((db) =>
  db
    .select()
    .from(resource)
    .where(whereResource(sql.placeholder("accountId"), sql.placeholder("type"), sql.placeholder("id"))),
);

/** What an object belongs to, where only the object's own id is known. */
export const findParent = (
  db: Db,
  accountId: string,
  type: string,
  child: { readonly accountId: string; readonly type: string; readonly id: string },
) =>
  selectParent(db, { accountId, type, childAccountId: child.accountId, childType: child.type, id: child.id });

const selectParent = prepared((db) =>
  db
    .select()
    .from(resource)
    .where(
      whereResource(
        sql.placeholder("accountId"),
        sql.placeholder("type"),
        sql`(SELECT child.parent_id FROM resource child
          WHERE child.account_id = ${sql.placeholder("childAccountId")}
            AND child.type = ${sql.placeholder("childType")} AND child.id = ${sql.placeholder("id")})`,
      ),
    ),
);

/** Objects that a call names, each with the type it must have and the account that keeps it. */
export const findReferenced = (
  db: Db,
  references: readonly { accountId: string; type: string; id: string }[],
) =>
  db
    .select()
    .from(resource)
    .where(
      references.length === 0
        ? sql`FALSE`
        : or(...references.map(({ accountId, type, id }) => whereResource(accountId, type, id))),
    );

/** The one object of a type that holds a unique key. */
export const findByUniqueKey = (db: Db, accountId: string, type: string, uniqueKey: string) =>
  db
    .select()
    .from(resource)
    .where(
      and(eq(resource.accountId, accountId), eq(resource.type, type), eq(resource.uniqueKey, uniqueKey)),
    );

export const insertResource = (db: Db, row: ResourceRow): Statement => db.insert(resource).values(row);

/** Fails the batch when an object that the change builds on is gone or another than was read. */
export const guardResource = (
  db: Db,
  row: Pick<ResourceRow, "accountId" | "type" | "id" | "version">,
): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM resource
    WHERE account_id = ${row.accountId} AND type = ${row.type} AND id = ${row.id}
      AND version = ${row.version})`,
  );

/** The same, where only its existence counts. */
export const guardResourceExists = (db: Db, row: Pick<ResourceRow, "accountId" | "type" | "id">): Statement =>
  guard(
    db,
    "changed",
    sql`EXISTS (SELECT 1 FROM resource
    WHERE account_id = ${row.accountId} AND type = ${row.type} AND id = ${row.id})`,
  );

/** Fails the batch when something of these types belongs to the object. */
export const guardNoChildren = (
  db: Db,
  row: Pick<ResourceRow, "accountId" | "id">,
  types: readonly string[],
): Statement =>
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM resource
    WHERE parent_id = ${row.id} AND account_id = ${row.accountId} AND type IN ${types})`,
  );

/** Columns of the keys, as a failed write names them. */
export const RESOURCE_KEY_COLUMNS = "resource.account_id, resource.type, resource.id";
export const UNIQUE_KEY_COLUMNS = "resource.account_id, resource.type, resource.unique_key";

export const updateResource = (db: Db, row: ResourceRow): Statement => {
  const { accountId, type, id, createdBy: _, createdAt: __, ...rest } = row;
  return db
    .update(resource)
    .set(rest)
    .where(whereResource(accountId, type, id));
};

/**
 * Members with rights on their own objects reach it from then on, so the change of its owner needs a permit.
 */
export const assignOwner = (db: Db, permit: Permit, row: ResourceRow): Statement => {
  permit.requireFor(row.id);
  return updateResource(db, row);
};

/** Sets some attributes and leaves all others as they are. The caller's batch says when. */
export const patchAttributes = (
  db: Db,
  row: Pick<ResourceRow, "accountId" | "type" | "id">,
  { set, status }: AttributeChange,
  now: number,
): Statement => {
  const values = Object.entries(set).flatMap(([name, value]) => [
    sql`${`$."${name}"`}`,
    sql`json(${JSON.stringify(value)})`,
  ]);
  return db
    .update(resource)
    .set({
      attributes: sql`json_set(${sql.join([sql`${resource.attributes}`, ...values], sql`, `)})`,
      updatedAt: now,
      version: sql`${resource.version} + 1`,
      ...(status === null ? {} : { status }),
    })
    .where(whereResource(row.accountId, row.type, row.id));
};

const whereGrantedOn = (row: ResourceRow, types: readonly string[]): SQL | undefined =>
  and(inArray(accessGrant.resourceType, [...types]), eq(accessGrant.resourceId, row.id));

/**
 * Removes it with the grants on it, and only while nothing belongs to it or names it, in this account or
 * another. The holders of such a grant have other rights from now on, so their versions move.
 * @param types under whose names it may be granted
 */
export const deleteResource = (db: Db, row: ResourceRow, types: readonly string[]): Statement[] => [
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM resource WHERE parent_id = ${row.id})
    AND NOT EXISTS (SELECT 1 FROM resource WHERE account_id = ${row.accountId} AND reference_id = ${row.id})
    AND NOT EXISTS (SELECT 1 FROM theme_file WHERE theme_id = ${row.id})
    AND NOT EXISTS (SELECT 1 FROM charge WHERE resource_id = ${row.id} AND status = 'pending')
    AND NOT EXISTS (SELECT 1 FROM charge WHERE parent_id = ${row.id} AND status = 'pending')`,
  ),
  db.delete(resource).where(whereResource(row.accountId, row.type, row.id)),
  db
    .update(member)
    .set({ version: sql`${member.version} + 1` })
    .where(
      inArray(
        member.id,
        db.select({ id: accessGrant.memberId }).from(accessGrant).where(whereGrantedOn(row, types)),
      ),
    ),
  db.delete(accessGrant).where(whereGrantedOn(row, types)),
];
