import { and, type AnyColumn, eq, isNotNull, sql } from "drizzle-orm";
import type { CustomRole } from "../../access/contribution.ts";
import type { GrantRow } from "../../access/preset.ts";
import { type Db, pickColumns } from "../../kernel/db.ts";
import { account, member, user } from "../../kernel/schema/team.ts";

/** `member`, or an alias of it. */
type MemberTable = Readonly<Record<"id" | "accountId" | "roles", AnyColumn>>;

const ACCESS_COLUMNS = [
  "id",
  "accountId",
  "userId",
  "login",
  "username",
  "email",
  "status",
  "roles",
  "rights",
  "objectGroupIds",
  "allowedIps",
  "creditLimit",
  "limitPeriod",
  "language",
  "version",
  "acceptedAt",
] as const;
type AccessColumn = (typeof ACCESS_COLUMNS)[number];

/**
 * The columns that decide about a member and name it, without the rest of the user book. A result has 100
 * columns at most. @param table `member`, or an alias of it
 */
export const accessColumns = <Table extends Readonly<Record<AccessColumn, AnyColumn>>>(table: Table) =>
  pickColumns(table, ACCESS_COLUMNS);

export type MemberAccessRow = Pick<typeof member.$inferSelect, AccessColumn>;

/** A column beside a member: its grants, in the order of their types and ids. */
export const grantsOf = (table: MemberTable) =>
  sql`(SELECT json_group_array(
    json_array(g.resource_type, g.resource_id, g.access) ORDER BY g.resource_type, g.resource_id)
  FROM access_grant g WHERE g.member_id = ${table.id})`.mapWith(parseGrants);

/** A column beside a member: the custom roles that it has. */
export const customRolesOf = (table: MemberTable) =>
  sql`(SELECT json_group_array(json_object('key', r.id, 'rights', json(r.rights), 'grants', json(r.grants)))
  FROM role r WHERE r.account_id = ${table.accountId}
    AND r.id IN (SELECT value FROM json_each(${table.roles})))`.mapWith(parseRoles);

const parseGrants = (json: string): GrantRow[] =>
  (JSON.parse(json) as [string, string, GrantRow["access"]][]).map(([resourceType, resourceId, access]) => ({
    resourceType,
    resourceId,
    access,
  }));

const parseRoles = (json: string): CustomRole[] => JSON.parse(json) as CustomRole[];

/** A column beside a member: by which address the person behind the member signs in. */
export const signInAddressOf = (table: { readonly userId: AnyColumn }) =>
  sql<
    string | null
  >`(SELECT u.email FROM user u WHERE u.id = ${table.userId} AND u.email_verified_at IS NOT NULL)`.as(
    "sign_in_address",
  );

/** Where mails about a member go, and in whose name. Not for a batch of D1, as are all that join. */
export const findMailRecipient = (db: Db, memberId: string) =>
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

/** A member with the grants and custom roles. */
export type LoadedMember = Awaited<ReturnType<typeof findMember>>[number];
