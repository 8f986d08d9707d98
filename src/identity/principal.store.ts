import { and, eq, ne, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { CustomRole } from "../access/contribution.ts";
import { actsOn, compile, compileBelow } from "../access/grant-set.ts";
import { type AccountKind, presetFor } from "../access/model.ts";
import type { GrantRow } from "../access/preset.ts";
import type { TypeTable } from "../access/type.ts";
import type { Db } from "../kernel/db.ts";
import { apiKey } from "../schema/identity.ts";
import { account, member, type Settings } from "../schema/team.ts";
import { compileRules } from "./address.ts";
import { customRolesOf, grantsOf } from "./member.store.ts";
import type { Principal } from "./principal.ts";
import { settingsOf } from "./settings.ts";

const target = alias(account, "target");

/** The rows behind an API key, by the SHA-256 of its secret. @param targetId the account that the call names, or null */
export const findPrincipalByKey = (db: Db, hash: string, targetId: string | null, types: TypeTable): Promise<Principal | null> =>
  findPrincipal(db, eq(apiKey.hash, hash), targetId, "key", types);

/** The rows behind an access token: the member and the key that it was minted from. */
export const findPrincipalByToken = (db: Db, claims: { acc: string; mem: string; key: string }, targetId: string | null, types: TypeTable): Promise<Principal | null> =>
  findPrincipal(db, and(eq(apiKey.id, claims.key), eq(apiKey.memberId, claims.mem), eq(apiKey.accountId, claims.acc)), targetId, "token", types);

/** Under a name of its own: `account.parent_id` would be the inner row's. */
const parentSettings = (of: typeof account | typeof target) => sql`(SELECT above.settings FROM account above WHERE above.id = ${of.parentId})`.mapWith(account.settings);

async function findPrincipal(db: Db, where: SQL | undefined, targetId: string | null, via: Principal["via"], types: TypeTable): Promise<Principal | null> {
  const [row] = await db.select({
    key: apiKey, member, account, target, grants: grantsOf(member), customRoles: customRolesOf(member),
    aboveHome: parentSettings(account).as("above_home"), aboveTarget: parentSettings(target).as("above_target"),
    targetGrandparentId: sql<string | null>`(SELECT parent_id FROM account WHERE id = ${target.parentId})`.as("target_grandparent_id"),
    platformId: sql<string | null>`(SELECT id FROM account WHERE kind = 'platform')`.as("platform_id"),
  })
    .from(apiKey)
    .innerJoin(member, and(eq(member.id, apiKey.memberId), eq(member.accountId, apiKey.accountId)))
    .innerJoin(account, eq(account.id, member.accountId))
    .leftJoin(target, and(eq(target.id, targetId ?? ""), ne(target.id, account.id)))
    .where(where);
  return row === undefined ? null : toPrincipal(row, targetId, via, types);
}

type AccountRow = typeof account.$inferSelect;

interface Row {
  readonly key: typeof apiKey.$inferSelect;
  readonly member: typeof member.$inferSelect;
  readonly account: AccountRow;
  readonly target: AccountRow | null;
  readonly grants: readonly GrantRow[];
  readonly customRoles: readonly CustomRole[];
  readonly aboveHome: unknown;
  readonly aboveTarget: unknown;
  readonly targetGrandparentId: string | null;
  readonly platformId: string | null;
}

function toPrincipal(row: Row, targetId: string | null, via: Principal["via"], types: TypeTable): Principal {
  const { key, member: who, account: home, target: below } = row;
  const homeSettings = settingsOf(home, row.aboveHome as Settings | null);
  const preset = presetFor(home.kind, homeSettings.switches);
  const source = {
    memberId: who.id, accountId: home.id, roles: who.roles, customRoles: row.customRoles, rights: who.rights, grants: row.grants,
    objectGroupIds: who.objectGroupIds, scopes: key.scopes,
  };
  const own = compile(source, preset, types);
  const acted = targetId === null || targetId === home.id ? home : below !== null && actsOn(own, preset, home.id, below, row.targetGrandparentId) ? below : null;
  const at = acted ?? home;
  const atSettings = at === home ? homeSettings : settingsOf(at, row.aboveTarget as Settings | null);
  return {
    via,
    stamp: {
      memberId: who.id, memberVersion: who.version, accountId: home.id, accountVersion: home.version,
      ...(at === home ? { targetId: null, targetVersion: 0 } : { targetId: at.id, targetVersion: at.version }),
    },
    memberId: who.id, accountId: at.id,
    account: {
      kind: at.kind as AccountKind, name: at.name, parentId: at.parentId, plan: at.plan, subscription: at.subscription,
      ownerMemberId: at.ownerMemberId, settings: atSettings.settings,
    },
    preset: at === home ? preset : presetFor(at.kind, atSettings.switches), switches: atSettings.switches,
    home: { accountId: home.id, kind: home.kind as AccountKind, preset, plan: home.plan, ...homeSettings },
    astray: acted === null, platformId: row.platformId,
    member: {
      status: who.status, username: who.username, email: who.email, language: who.language, roles: who.roles,
      creditLimit: who.creditLimit, limitPeriod: who.limitPeriod,
    },
    key: { id: key.id, scopes: key.scopes, allowedIps: key.allowedIps, expiresAt: key.expiresAt, revokedAt: key.revokedAt },
    addressRules: [home.allowedIps, who.allowedIps, key.allowedIps, ...(at === home ? [] : [at.allowedIps])].map(compileRules),
    grantSet: at === home ? own : compileBelow(own, preset), types,
    actor: { type: "member", memberId: who.id, accountId: home.id, login: who.username, email: who.email, apiKeyId: key.id },
  };
}
