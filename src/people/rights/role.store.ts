import { and, asc, eq, type SQL, sql } from "drizzle-orm";
import type { Permit } from "../../gate/permits/permit.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { role, type RoleRow } from "../../kernel/schema/team.ts";

/** Columns of the unique key, as a failed write names them. */
export const ROLE_NAME_COLUMNS = "role.account_id, role.name";

/** Custom roles of the account by their ids, as far as they are there. */
export const findRoles = (db: Db, accountId: string, ids: readonly string[]) =>
  db
    .select()
    .from(role)
    .where(
      and(
        eq(role.accountId, accountId),
        sql`${role.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
      ),
    );

/** Every custom role of the account, oldest first. */
export const listRoles = (db: Db, accountId: string) =>
  db.select().from(role).where(eq(role.accountId, accountId)).orderBy(asc(role.id));

export const insertRole = (db: Db, permit: Permit, row: RoleRow): Statement => {
  permit.requireFor(row.id);
  return db.insert(role).values({ ...row, nameFolded: foldForSearch(row.name) });
};

export const updateRole = (
  db: Db,
  permit: Permit,
  { id, accountId, version: _, createdBy: __, createdAt: ___, ...rest }: RoleRow,
): Statement => {
  permit.requireFor(id);
  return db
    .update(role)
    .set({ ...rest, nameFolded: foldForSearch(rest.name), version: sql`${role.version} + 1` })
    .where(and(eq(role.id, id), eq(role.accountId, accountId)));
};

/** Roles of the model whose holders only look, and the others. */
interface RoleNamesByAccess {
  readonly readOnly: readonly string[];
  readonly writing: readonly string[];
}

/** Does a member who only looks have this role? */
const hasReadOnlyMembers = (accountId: string, id: string, { readOnly, writing }: RoleNamesByAccess): SQL => {
  const among = (names: readonly string[]) => sql`EXISTS (SELECT 1 FROM json_each(m.roles) r
    WHERE r.value IN (SELECT value FROM json_each(${JSON.stringify(names)})))`;
  return sql`EXISTS (SELECT 1 FROM member m WHERE m.account_id = ${accountId}
    AND ${among([id])} AND ${among(readOnly)} AND NOT ${among(writing)})`;
};

export const selectHasReadOnlyMembers = (db: Db, accountId: string, id: string, names: RoleNamesByAccess) =>
  db
    .select({ any: sql<0 | 1>`${hasReadOnlyMembers(accountId, id, names)}`.as("any_reader") })
    .from(role)
    .where(eq(role.id, id));

export const guardNoReadOnlyMembers = (
  db: Db,
  accountId: string,
  id: string,
  names: RoleNamesByAccess,
): Statement => guard(db, "changed", sql`NOT ${hasReadOnlyMembers(accountId, id, names)}`);

/** Fails the batch while a member has it. */
export const removeRole = (db: Db, { id, accountId }: Pick<RoleRow, "id" | "accountId">): Statement[] => [
  guard(
    db,
    "has_dependents",
    sql`NOT EXISTS (SELECT 1 FROM member m, json_each(m.roles) r
    WHERE m.account_id = ${accountId} AND r.value = ${id})`,
  ),
  db.delete(role).where(and(eq(role.id, id), eq(role.accountId, accountId))),
];
