import { and, type AnyColumn, eq, isNotNull, sql } from "drizzle-orm";
import type { CustomRole } from "../../access/contribution.ts";
import type { GrantRow } from "../../access/preset.ts";
import type { Db } from "../../kernel/db.ts";
import { account, member, user } from "../../kernel/schema/team.ts";

/** `member`, or an alias of it. */
type MemberTable = Readonly<Record<"id" | "accountId" | "roles", AnyColumn>>;

/**
 * The columns that decide about a member and name it, without the rest of the user book. A result has 100
 * columns at most.
 */
export const holder = (of: typeof member) => ({
  id: of.id,
  accountId: of.accountId,
  userId: of.userId,
  login: of.login,
  username: of.username,
  email: of.email,
  status: of.status,
  roles: of.roles,
  rights: of.rights,
  objectGroupIds: of.objectGroupIds,
  allowedIps: of.allowedIps,
  creditLimit: of.creditLimit,
  limitPeriod: of.limitPeriod,
  language: of.language,
  version: of.version,
  acceptedAt: of.acceptedAt,
});

export type Holder = Pick<typeof member.$inferSelect, keyof ReturnType<typeof holder>>;

/** A column beside a member: its grants, in the order of their types and ids. */
export const grantsOf = (of: MemberTable) =>
  sql`(SELECT json_group_array(
    json_array(g.resource_type, g.resource_id, g.access) ORDER BY g.resource_type, g.resource_id)
  FROM access_grant g WHERE g.member_id = ${of.id})`.mapWith(parseGrants);

/** A column beside a member: the custom roles that it has. */
export const customRolesOf = (of: MemberTable) =>
  sql`(SELECT json_group_array(json_object('key', r.id, 'rights', json(r.rights), 'grants', json(r.grants)))
  FROM role r WHERE r.account_id = ${of.accountId}
    AND r.id IN (SELECT value FROM json_each(${of.roles})))`.mapWith(parseRoles);

const parseGrants = (json: string): GrantRow[] =>
  (JSON.parse(json) as [string, string, GrantRow["access"]][]).map(([resourceType, resourceId, access]) => ({
    resourceType,
    resourceId,
    access,
  }));

const parseRoles = (json: string): CustomRole[] => JSON.parse(json) as CustomRole[];

/** A column beside a member: by which address the person behind the member signs in. */
export const signInAddressOf = (of: { readonly userId: AnyColumn }) =>
  sql<
    string | null
  >`(SELECT u.email FROM user u WHERE u.id = ${of.userId} AND u.email_verified_at IS NOT NULL)`.as(
    "sign_in_address",
  );

/** Where mails about a member go, and in whose name. Not for a batch of D1, as are all that join. */
export const findAddressee = (db: Db, memberId: string) =>
  db
    .select({
      email: member.email,
      emailVerifiedAt: member.emailVerifiedAt,
      language: member.language,
      status: member.status,
      notifications: member.notifications,
      signIn: user.email,
      account: { name: account.name, settings: account.settings },
    })
    .from(member)
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(user, and(eq(user.id, member.userId), isNotNull(user.emailVerifiedAt)))
    .where(eq(member.id, memberId));

/** One member of the account, with grants and custom roles. */
export const findMember = (db: Db, accountId: string, id: string) =>
  db
    .select({ row: member, grants: grantsOf(member), customRoles: customRolesOf(member) })
    .from(member)
    .where(and(eq(member.accountId, accountId), eq(member.id, id)));
