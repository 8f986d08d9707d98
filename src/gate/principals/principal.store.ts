import { isSessionMember } from "../credentials/session.store.ts";
import { and, type AnyColumn, eq, ne, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { TypeTable } from "../../access/resource-type.ts";
import type { Db } from "../../kernel/db.ts";
import { apiKey, session } from "../../kernel/schema/identity.ts";
import { account, member } from "../../kernel/schema/team.ts";
import { accountColumns } from "../credentials/account.store.ts";
import type { CallCredential } from "../credentials/key-restriction.ts";
import { customRolesOf, grantsOf, accessColumns } from "../credentials/member.store.ts";
import type { Principal } from "./principal.ts";
import { toActingMember, toPrincipal } from "./principal-row.ts";

const target = alias(account, "target");

/**
 * The rows behind an API key, by the SHA-256 of its secret. @param targetId the account that the call names,
 * or null
 */
export const findPrincipalByKey = (
  db: Db,
  hash: string,
  targetId: string | null,
  types: TypeTable,
): Promise<Principal | null> => findKeyHolder(db, eq(apiKey.hash, hash), targetId, "key", types);

/** The member of a token, and the key or session that it was minted from. */
interface TokenSource {
  readonly acc: string;
  readonly mem: string;
  readonly key?: string | undefined;
  readonly sid?: string | undefined;
}

/** The rows behind an access token. */
export const findPrincipalByToken = (
  db: Db,
  { acc, mem, key, sid }: TokenSource,
  targetId: string | null,
  types: TypeTable,
): Promise<Principal | null> =>
  sid === undefined
    ? findKeyHolder(
        db,
        and(eq(apiKey.id, key ?? ""), eq(apiKey.memberId, mem), eq(apiKey.accountId, acc)),
        targetId,
        "token",
        types,
      )
    : findSessionHolder(
        db,
        and(eq(session.id, sid), eq(session.memberId, mem), eq(session.accountId, acc)),
        targetId,
        types,
      );

/** The member who owns a hook, with the access that they have now. */
export async function findPrincipalByHook(
  db: Db,
  { id, accountId, memberId }: { id: string; accountId: string; memberId: string },
  types: TypeTable,
): Promise<Principal | null> {
  return findMemberAs(
    db,
    and(eq(member.id, memberId), eq(member.accountId, accountId)),
    { kind: "hook", id },
    null,
    types,
  );
}

/**
 * The member who began something, with the access that they have now to the account that it is about. It may
 * do no more than they may. Null when the member is gone.
 */
export const findPrincipalOnBehalf = (
  db: Db,
  memberId: string,
  targetId: string,
  types: TypeTable,
): Promise<Principal | null> =>
  findMemberAs(db, eq(member.id, memberId), { kind: "behalf" }, targetId, types);

async function findMemberAs(
  db: Db,
  where: SQL | undefined,
  credential: CallCredential,
  targetId: string | null,
  types: TypeTable,
): Promise<Principal | null> {
  const [row] = await db
    .select(PRINCIPAL_COLUMNS)
    .from(member)
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, isTarget(targetId))
    .where(where);
  return row === undefined ? null : toActingMember(row, credential, targetId, types);
}

/** Under a name of its own: `account.parent_id` would be the inner row's. */
const parentSettings = (of: AccountTable) =>
  sql`(SELECT above.settings FROM account above WHERE above.id = ${of.parentId})`.mapWith(account.settings);

type AccountTable = Readonly<Record<"parentId", AnyColumn>>;

/**
 * The part of a `PrincipalRow` beside the member, its account and the account that it acts on. Each may be an
 * alias.
 */
export const columnsBeside = (
  of: Parameters<typeof customRolesOf>[0],
  own: AccountTable,
  on: AccountTable,
) => ({
  grants: grantsOf(of),
  customRoles: customRolesOf(of),
  ownParentSettings: parentSettings(own).as("above_home"),
  targetParentSettings: parentSettings(on).as("above_target"),
  targetGrandparentId: sql<
    string | null
  >`(SELECT parent.parent_id FROM account parent WHERE parent.id = ${on.parentId})`.as(
    "target_grandparent_id",
  ),
  platformId: sql<string | null>`(SELECT p.id FROM account p WHERE p.kind = 'platform')`.as("platform_id"),
});

/** The member behind a credential, with everything that decides what they may do: a `PrincipalRow`. */
const PRINCIPAL_COLUMNS = {
  member: accessColumns(member),
  account: accountColumns(account),
  target: accountColumns(target),
  ...columnsBeside(member, account, target),
};
const isTarget = (targetId: string | null) => and(eq(target.id, targetId ?? ""), ne(target.id, account.id));

async function findKeyHolder(
  db: Db,
  where: SQL | undefined,
  targetId: string | null,
  sentAs: "key" | "token",
  types: TypeTable,
): Promise<Principal | null> {
  const [row] = await db
    .select({ ...PRINCIPAL_COLUMNS, key: apiKey })
    .from(apiKey)
    .innerJoin(member, and(eq(member.id, apiKey.memberId), eq(member.accountId, apiKey.accountId)))
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, isTarget(targetId))
    .where(where);
  if (row === undefined) return null;
  const { id, scopes, allowedIps, expiresAt, revokedAt } = row.key;
  const restriction = { scopes, allowedIps, expiresAt };
  return toPrincipal(row, { kind: "key", id, sentAs, restriction, revokedAt }, targetId, types);
}

async function findSessionHolder(
  db: Db,
  where: SQL | undefined,
  targetId: string | null,
  types: TypeTable,
): Promise<Principal | null> {
  const [row] = await db
    .select({ ...PRINCIPAL_COLUMNS, session })
    .from(session)
    .innerJoin(member, isSessionMember)
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, isTarget(targetId))
    .where(where);
  if (row === undefined) return null;
  const { id, expiresAt, endedAt } = row.session;
  return toPrincipal(row, { kind: "session", id, expiresAt, endedAt }, targetId, types);
}
