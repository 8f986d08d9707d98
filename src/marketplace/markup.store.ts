import { and, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { Db } from "../kernel/db.ts";
import { resource } from "../schema/resource.ts";

const organizationId = sql`${resource.attributes} ->> '$.organizationId'`;

/** The most exact markup of a seller for an item sold to an organization: the organization's before the item's, then the newest. */
export const findMarkup = (db: Db, sellerId: string, itemId: string, buyerId: string) =>
  db.select().from(resource).where(and(
    eq(resource.accountId, sellerId), eq(resource.type, "markup"),
    or(isNull(resource.referenceId), eq(resource.referenceId, itemId)), or(sql`${organizationId} IS NULL`, sql`${organizationId} = ${buyerId}`),
  )).orderBy(sql`${organizationId} IS NULL`, sql`${resource.referenceId} IS NULL`, desc(resource.id)).limit(1);
