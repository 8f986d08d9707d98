import { and, eq, type SQL } from "drizzle-orm";
import type { GrantRow } from "../access/preset.ts";
import { compile } from "../access/grant-set.ts";
import { presetOf } from "../access/model.ts";
import type { TypeTable } from "../access/type.ts";
import type { Db } from "../kernel/db.ts";
import { apiKey } from "../schema/identity.ts";
import { account, member } from "../schema/team.ts";
import { compileRules } from "./address.ts";
import { GRANTS } from "./member.store.ts";
import type { Principal } from "./principal.ts";

/** The rows behind an API key, by the SHA-256 of its secret. */
export const findPrincipalByKey = (db: Db, hash: string, types: TypeTable): Promise<Principal | null> =>
  findPrincipal(db, eq(apiKey.hash, hash), "key", types);

/** The rows behind an access token: the member and the key that it was minted from. */
export const findPrincipalByToken = (db: Db, claims: { acc: string; mem: string; key: string }, types: TypeTable): Promise<Principal | null> =>
  findPrincipal(db, and(eq(apiKey.id, claims.key), eq(apiKey.memberId, claims.mem), eq(apiKey.accountId, claims.acc)), "token", types);

async function findPrincipal(db: Db, where: SQL | undefined, via: Principal["via"], types: TypeTable): Promise<Principal | null> {
  const [row] = await db.select({ key: apiKey, member, account, grants: GRANTS })
    .from(apiKey)
    .innerJoin(member, and(eq(member.id, apiKey.memberId), eq(member.accountId, apiKey.accountId)))
    .innerJoin(account, eq(account.id, member.accountId))
    .where(where);
  return row === undefined ? null : toPrincipal(row, via, types);
}

interface Row {
  readonly key: typeof apiKey.$inferSelect;
  readonly member: typeof member.$inferSelect;
  readonly account: typeof account.$inferSelect;
  readonly grants: readonly GrantRow[];
}

function toPrincipal({ key, member: row, account: home, grants }: Row, via: Principal["via"], types: TypeTable): Principal {
  const source = { memberId: row.id, roles: row.roles, rights: row.rights, grants, objectGroupIds: row.objectGroupIds, scopes: key.scopes };
  return {
    via,
    stamp: { memberId: row.id, memberVersion: row.version, accountId: home.id, accountVersion: home.version },
    memberId: row.id,
    accountId: home.id,
    account: {
      kind: home.kind, name: home.name, plan: home.plan, subscription: home.subscription,
      ownerMemberId: home.ownerMemberId, membersMayCreateKeys: home.settings.membersMayCreateKeys,
    },
    member: {
      status: row.status, username: row.username, email: row.email, roles: row.roles,
      creditLimit: row.creditLimit, limitPeriod: row.limitPeriod,
    },
    key: { id: key.id, scopes: key.scopes, allowedIps: key.allowedIps, expiresAt: key.expiresAt, revokedAt: key.revokedAt },
    addressRules: [home.allowedIps, row.allowedIps, key.allowedIps].map(compileRules),
    grantSet: compile(source, presetOf(home.kind), types),
    actor: { type: "member", memberId: row.id, accountId: home.id, login: row.username, email: row.email, apiKeyId: key.id },
  };
}
