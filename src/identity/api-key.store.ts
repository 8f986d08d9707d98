import { and, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { apiKey } from "../schema/identity.ts";
import { account, member } from "../schema/team.ts";

export type ApiKeyRow = typeof apiKey.$inferSelect;

export const insertKey = (db: Db, row: typeof apiKey.$inferInsert): Statement => db.insert(apiKey).values(row);

export const findKey = (db: Db, accountId: string, id: string) =>
  db.select().from(apiKey).where(and(eq(apiKey.accountId, accountId), eq(apiKey.id, id)));

/** Newest first, beginning before the id `before`. */
export const listKeys = (db: Db, accountId: string, memberId: string, before: string | null, limit: number) =>
  db.select().from(apiKey)
    .where(and(eq(apiKey.accountId, accountId), eq(apiKey.memberId, memberId), before === null ? undefined : lt(apiKey.id, before)))
    .orderBy(desc(apiKey.id)).limit(limit);

export const revokeKey = (db: Db, accountId: string, id: string, at: number): Statement =>
  db.update(apiKey).set({ revokedAt: at, claimHash: null }).where(and(eq(apiKey.accountId, accountId), eq(apiKey.id, id)));

/** A key that waits for its member, with the lists that decide from where it may be claimed. */
export const findClaim = (db: Db, claimHash: string) =>
  db.select({ key: apiKey, member, accountIps: account.allowedIps })
    .from(apiKey)
    .innerJoin(member, eq(member.id, apiKey.memberId))
    .innerJoin(account, eq(account.id, apiKey.accountId))
    .where(and(eq(apiKey.claimHash, claimHash), isNull(apiKey.hash), isNull(apiKey.revokedAt)));

/** Two claims of one token meet at the guard `claim_used`: one of them gets the secret. */
export const claimKey = (db: Db, claimHash: string, memberVersion: number, secret: { id: string; memberId: string; hash: string; prefix: string; last4: string }): Statement[] => [
  guard(db, "claim_used", sql`EXISTS (SELECT 1 FROM api_key k JOIN member m ON m.id = k.member_id
    WHERE k.id = ${secret.id} AND k.claim_hash = ${claimHash} AND k.hash IS NULL AND k.revoked_at IS NULL AND m.version = ${memberVersion})`),
  db.update(apiKey).set({ hash: secret.hash, prefix: secret.prefix, last4: secret.last4, claimHash: null, claimExpiresAt: null }).where(eq(apiKey.id, secret.id)),
];

/** Kept to the hour, so that a busy key does not cost a row for each call. */
export const touchKey = (db: Db, id: string, at: number): Statement =>
  db.update(apiKey).set({ lastUsedAt: at })
    .where(and(eq(apiKey.id, id), or(isNull(apiKey.lastUsedAt), lt(apiKey.lastUsedAt, at - 3_600_000))));
