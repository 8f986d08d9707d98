import { and, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { account } from "../../kernel/schema/team.ts";

/** Leaves these accounts out. */
export const excludeAccounts = (id: typeof account.id, closed: ReadonlySet<string>): SQL | undefined =>
  closed.size === 0
    ? undefined
    : sql`${id} NOT IN (SELECT value FROM json_each(${JSON.stringify([...closed])}))`;

/** The accounts below this one, directly or under one of those, that have address rules. */
export const findRuledBelow = (db: Db, accountId: string) =>
  db
    .select({ id: account.id, allowedIps: account.allowedIps })
    .from(account)
    .where(
      and(
        sql`${account.allowedIps} <> '[]'`,
        or(
          eq(account.parentId, accountId),
          inArray(
            account.parentId,
            sql`(SELECT near.id FROM account near WHERE near.parent_id = ${accountId})`,
          ),
        ),
      ),
    );
