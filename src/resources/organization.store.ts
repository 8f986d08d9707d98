import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import type { AccessFilter } from "../access/decision.ts";
import { whereAccessible } from "../access/access-filter.store.ts";
import type { Permit } from "../gate/permits/permit.ts";
import type { Principal } from "../gate/principals/principal.ts";
import type { Db, Statement } from "../kernel/db.ts";
import { excludeAccounts } from "../gate/calls/below.store.ts";
import { accessGrant, account } from "../kernel/schema/team.ts";

/**
 * The accounts below the one that the call acts on. One that has none below it, as its model says, is its own
 * and only organization.
 */
const isOwnOrganization = ({ accountId, preset }: Pick<Principal, "accountId" | "preset">): SQL =>
  preset.tree === null ? eq(account.id, accountId) : eq(account.parentId, accountId);

export const findOrganization = (db: Db, principal: Pick<Principal, "accountId" | "preset">, id: string) =>
  db
    .select()
    .from(account)
    .where(and(eq(account.id, id), isOwnOrganization(principal)));

/** Accounts are kept in no groups, are owned by none of their parent's members and have no status. */
const ACCESS_COLUMNS = {
  id: account.id,
  rootId: account.parentId,
  ownerId: account.ownerMemberId,
  groupId: account.parentId,
  status: account.kind,
};

/** Newest first, without those that are closed, beginning before the id `before`. */
export const listOrganizations = (
  db: Db,
  principal: Pick<Principal, "accountId" | "preset">,
  filter: AccessFilter,
  closedIds: ReadonlySet<string>,
  before: string | null,
  limit: number,
) =>
  db
    .select()
    .from(account)
    .where(
      and(
        isOwnOrganization(principal),
        whereAccessible(filter, ACCESS_COLUMNS),
        excludeAccounts(account.id, closedIds),
        before === null ? undefined : lt(account.id, before),
      ),
    )
    .orderBy(desc(account.id))
    .limit(limit);

/** The founder reaches what they found: the permit is that of the new account. */
export const grantOrganization = (
  db: Db,
  permit: Permit,
  accountId: string,
  memberId: string,
  organizationId: string,
): Statement => {
  permit.requireFor(organizationId);
  return db.insert(accessGrant).values({
    accountId,
    memberId,
    resourceType: "organization",
    resourceId: organizationId,
    access: "view",
  });
};
