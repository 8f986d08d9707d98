import { and, desc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../../kernel/db.ts";
import { resource } from "../../kernel/schema/resource.ts";

const organizationId = sql`${resource.attributes} ->> '$.organizationId'`;

/**
 * A seller's markups for items sold to an organization, the most exact first: the organization's before
 * those for every organization, the item's before those for every item.
 */
export const findMarkups = (db: Db, sellerId: string, itemIds: readonly string[], buyerId: string) =>
  db
    .select()
    .from(resource)
    .where(
      and(
        eq(resource.accountId, sellerId),
        eq(resource.type, "markup"),
        or(isNull(resource.referenceId), inArray(resource.referenceId, [...itemIds])),
        or(sql`${organizationId} IS NULL`, sql`${organizationId} = ${buyerId}`),
      ),
    )
    .orderBy(sql`${organizationId} IS NULL`, sql`${resource.referenceId} IS NULL`, desc(resource.id));
