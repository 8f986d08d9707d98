import { and, asc, eq, sql } from "drizzle-orm";
import type { Permit } from "../identity/permit.ts";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { fold } from "../kernel/fold.ts";
import { role, type RoleRow } from "../schema/team.ts";

/** Columns of the unique key, as a failed write names them. */
export const ROLE_NAME = "role.account_id, role.name";

/** Custom roles of the account by their ids, as far as they are there. */
export const findRoles = (db: Db, accountId: string, ids: readonly string[]) =>
  db.select().from(role).where(and(eq(role.accountId, accountId), sql`${role.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`));

/** Every custom role of the account, oldest first. */
export const listRoles = (db: Db, accountId: string) =>
  db.select().from(role).where(eq(role.accountId, accountId)).orderBy(asc(role.id));

export const insertRole = (db: Db, permit: Permit, row: RoleRow): Statement => {
  permit.requireFor(row.id);
  return db.insert(role).values({ ...row, nameFolded: fold(row.name) });
};

export const updateRole = (db: Db, permit: Permit, { id, accountId, version: _, createdBy: __, createdAt: ___, ...rest }: RoleRow): Statement => {
  permit.requireFor(id);
  return db.update(role).set({ ...rest, nameFolded: fold(rest.name), version: sql`${role.version} + 1` }).where(and(eq(role.id, id), eq(role.accountId, accountId)));
};

/** Fails the batch while a member has it. */
export const removeRole = (db: Db, { id, accountId }: Pick<RoleRow, "id" | "accountId">): Statement[] => [
  guard(db, "has_dependents", sql`NOT EXISTS (SELECT 1 FROM member m, json_each(m.roles) r WHERE m.account_id = ${accountId} AND r.value = ${id})`),
  db.delete(role).where(and(eq(role.id, id), eq(role.accountId, accountId))),
];
