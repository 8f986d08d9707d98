import { and, asc, count, eq, inArray } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { resource } from "../../kernel/schema/resource.ts";

/** How many objects of these types an account has in each status: one walk along an index. */
export const countResources = (db: Db, accountId: string, types: readonly string[]) =>
  db
    .select({ type: resource.type, status: resource.status, count: count() })
    .from(resource)
    .where(and(eq(resource.accountId, accountId), inArray(resource.type, [...types])))
    .groupBy(resource.type, resource.status)
    .orderBy(asc(resource.type), asc(resource.status));
