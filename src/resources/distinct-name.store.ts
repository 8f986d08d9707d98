import { and, eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { resource, type ResourceRow } from "../kernel/schema/resource.ts";
import { NAME_KEYS } from "./types/declaration.ts";

/** The names of all objects of a type in an account. */
export const listNames = (db: Db, accountId: string, type: string) =>
  db
    .select({ id: resource.id, name: resource.name })
    .from(resource)
    .where(and(eq(resource.accountId, accountId), eq(resource.type, type)));

/**
 * Fails the batch under "changed" when another object has got a name meanwhile that shares what this one's is
 * compared by.
 */
export const guardDistinctName = (db: Db, { accountId, type, id, attributes }: ResourceRow): Statement =>
  guard(
    db,
    "changed",
    sql`NOT EXISTS (SELECT 1 FROM resource r, json_each(r.attributes, ${`$."${NAME_KEYS}"`}) had
    JOIN json_each(${JSON.stringify(attributes[NAME_KEYS])}) wanted
      ON wanted.key = had.key AND wanted.value = had.value
    WHERE r.account_id = ${accountId} AND r.type = ${type} AND r.id <> ${id})`,
  );
