import { and, eq, inArray, or, sql } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { resource } from "../../kernel/schema/resource.ts";
import { account } from "../../kernel/schema/team.ts";

/** Where the object of a grant is kept. */
export interface ObjectKey {
  readonly accountId: string;
  readonly type: string;
  readonly id: string;
}

/** Which of these objects are there. */
export function findObjectsByKey(db: Db, objectKeys: readonly ObjectKey[]) {
  const keysJson = JSON.stringify(objectKeys.map(({ accountId, type, id }) => [accountId, type, id]));
  return db
    .select({ type: resource.type, id: resource.id, parentId: resource.parentId })
    .from(resource)
    .where(sql`(${resource.accountId}, ${resource.type}, ${resource.id}) IN
      (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${keysJson}))`);
}

/** Which of these accounts stand below the account: directly, or one further down. */
export const findAccountsBelow = (db: Db, accountId: string, ids: readonly string[]) =>
  db
    .select({ id: account.id, parentId: account.parentId })
    .from(account)
    .where(
      and(
        sql`${account.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
        or(
          eq(account.parentId, accountId),
          inArray(
            account.parentId,
            db.select({ id: account.id }).from(account).where(eq(account.parentId, accountId)),
          ),
        ),
      ),
    );
