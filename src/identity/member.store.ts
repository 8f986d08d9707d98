import { and, eq, sql } from "drizzle-orm";
import type { GrantRow } from "../access/preset.ts";
import type { Db } from "../kernel/db.ts";
import { member } from "../schema/team.ts";

/** A column beside `member`: the member's grants, in the order of their types and ids. */
export const GRANTS = sql`(SELECT json_group_array(json_array(g.resource_type, g.resource_id, g.access) ORDER BY g.resource_type, g.resource_id)
  FROM access_grant g WHERE g.member_id = ${member.id})`.mapWith(parseGrants);

function parseGrants(json: string): GrantRow[] {
  return (JSON.parse(json) as [string, string, GrantRow["access"]][]).map(([resourceType, resourceId, access]) => ({ resourceType, resourceId, access }));
}

/** One member and the grants, inside the account: another account's member is not there. */
export const findMember = (db: Db, accountId: string, id: string) =>
  db.select({ row: member, grants: GRANTS }).from(member).where(and(eq(member.accountId, accountId), eq(member.id, id)));
