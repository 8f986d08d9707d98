import { and, eq, ne, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { CustomRole } from "../access/contribution.ts";
import { actsOn, compile, compileBelow } from "../access/grant-set.ts";
import { type AccountKind, presetFor } from "../access/model.ts";
import type { GrantRow } from "../access/preset.ts";
import type { TypeTable } from "../access/type.ts";
import { actorLogin } from "../audit/event.ts";
import type { Db } from "../kernel/db.ts";
import { apiKey, session } from "../schema/identity.ts";
import { account, member, type Settings } from "../schema/team.ts";
import { compileRules } from "./address.ts";
import { type CallCredential, restrictionOf, traceOf } from "./key-restriction.ts";
import { customRolesOf, grantsOf, holder, type Holder } from "./member.store.ts";
import type { Principal } from "./principal.ts";
import { settingsOf } from "./settings.ts";

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

/** Whom a token speaks for, and the key or session that it was minted from. */
interface TokenOf {
  readonly acc: string;
  readonly mem: string;
  readonly key?: string | undefined;
  readonly sid?: string | undefined;
}

/** The rows behind an access token. */
export const findPrincipalByToken = (
  db: Db,
  { acc, mem, key, sid }: TokenOf,
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

/**
 * The member who owns a hook, as strong as they are now. What came in through it comes from elsewhere: only
 * the account's address rules hold.
 */
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
 * Whoever began something, as strong as they are now on the account that it is about: it goes no further than
 * they do. Null when they are gone.
 */
export const findPrincipalBehind = (
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
    .select(WHO)
    .from(member)
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, AT(targetId))
    .where(where);
  if (row === undefined) return null;
  const principal = toPrincipal(row, credential, targetId, types);
  return { ...principal, addressRules: [compileRules(row.account.allowedIps)] };
}

/** Under a name of its own: `account.parent_id` would be the inner row's. */
const parentSettings = (of: typeof account | typeof target) =>
  sql`(SELECT above.settings FROM account above WHERE above.id = ${of.parentId})`.mapWith(account.settings);

/** Whoever is behind a credential, with everything that decides what they may do. */
const WHO = {
  member: holder(member),
  account,
  target,
  grants: grantsOf(member),
  customRoles: customRolesOf(member),
  aboveHome: parentSettings(account).as("above_home"),
  aboveTarget: parentSettings(target).as("above_target"),
  targetGrandparentId: sql<string | null>`(SELECT parent_id FROM account WHERE id = ${target.parentId})`.as(
    "target_grandparent_id",
  ),
  platformId: sql<string | null>`(SELECT id FROM account WHERE kind = 'platform')`.as("platform_id"),
};
const AT = (targetId: string | null) => and(eq(target.id, targetId ?? ""), ne(target.id, account.id));

async function findKeyHolder(
  db: Db,
  where: SQL | undefined,
  targetId: string | null,
  sentAs: "key" | "token",
  types: TypeTable,
): Promise<Principal | null> {
  const [row] = await db
    .select({ ...WHO, key: apiKey })
    .from(apiKey)
    .innerJoin(member, and(eq(member.id, apiKey.memberId), eq(member.accountId, apiKey.accountId)))
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, AT(targetId))
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
    .select({ ...WHO, session })
    .from(session)
    .innerJoin(
      member,
      and(
        eq(member.id, session.memberId),
        eq(member.accountId, session.accountId),
        eq(member.userId, session.userId),
      ),
    )
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, AT(targetId))
    .where(where);
  if (row === undefined) return null;
  const { id, expiresAt, endedAt } = row.session;
  return toPrincipal(row, { kind: "session", id, expiresAt, endedAt }, targetId, types);
}

type AccountRow = typeof account.$inferSelect;

interface Row {
  readonly member: Holder;
  readonly account: AccountRow;
  readonly target: AccountRow | null;
  readonly grants: readonly GrantRow[];
  readonly customRoles: readonly CustomRole[];
  readonly aboveHome: unknown;
  readonly aboveTarget: unknown;
  readonly targetGrandparentId: string | null;
  readonly platformId: string | null;
}

function toPrincipal(
  row: Row,
  credential: CallCredential,
  targetId: string | null,
  types: TypeTable,
): Principal {
  const restriction = restrictionOf(credential);
  const { member: who, account: home, target: below } = row;
  const homeSettings = settingsOf(home, row.aboveHome as Settings | null);
  const preset = presetFor(home.kind, homeSettings.switches);
  const source = {
    memberId: who.id,
    accountId: home.id,
    roles: who.roles,
    customRoles: row.customRoles,
    rights: who.rights,
    grants: row.grants,
    objectGroupIds: who.objectGroupIds,
    isOwner: who.id === home.ownerMemberId,
    scopes: restriction.scopes,
  };
  const own = compile(source, preset, types);
  const whole = source.scopes === null ? own : compile({ ...source, scopes: null }, preset, types);
  const acted =
    targetId === null || targetId === home.id
      ? home
      : below !== null && actsOn(own, preset, home.id, below, row.targetGrandparentId)
        ? below
        : null;
  const at = acted ?? home;
  const atSettings = at === home ? homeSettings : settingsOf(at, row.aboveTarget as Settings | null);
  return {
    stamp: {
      memberId: who.id,
      memberVersion: who.version,
      accountId: home.id,
      accountVersion: home.version,
      ...(at === home
        ? { targetId: null, targetVersion: 0 }
        : { targetId: at.id, targetVersion: at.version }),
    },
    memberId: who.id,
    userId: who.userId,
    accountId: at.id,
    account: {
      kind: at.kind as AccountKind,
      name: at.name,
      parentId: at.parentId,
      plan: at.plan,
      subscription: at.subscription,
      ownerMemberId: at.ownerMemberId,
      settings: atSettings.settings,
    },
    preset: at === home ? preset : presetFor(at.kind, atSettings.switches),
    switches: atSettings.switches,
    home: {
      accountId: home.id,
      name: home.name,
      kind: home.kind as AccountKind,
      preset,
      plan: home.plan,
      ...homeSettings,
    },
    astray: acted === null,
    platformId: row.platformId,
    restored: home.restoredAt !== null || at.restoredAt !== null,
    member: {
      status: who.status,
      username: who.username,
      email: who.email,
      language: who.language,
      roles: who.roles,
      creditLimit: who.creditLimit,
      limitPeriod: who.limitPeriod,
    },
    credential,
    addressRules: [
      home.allowedIps,
      who.allowedIps,
      restriction.allowedIps,
      ...(at === home ? [] : [at.allowedIps]),
    ].map(compileRules),
    grantSet: at === home ? own : compileBelow(own, preset, restriction.scopes),
    memberSet: at === home ? whole : compileBelow(whole, preset),
    types,
    actor: {
      type: "member",
      memberId: who.id,
      accountId: home.id,
      login: actorLogin(who),
      email: who.email,
      ...traceOf(credential),
    },
  };
}
