import { and, type AnyColumn, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { bumpMember } from "../../access/stamp.store.ts";
import { type Db, guard, type Statement } from "../../kernel/db.ts";
import { apiKey } from "../../kernel/schema/identity.ts";
import { invitation } from "../../kernel/schema/invitation.ts";
import { account, member, user } from "../../kernel/schema/team.ts";
import type { UnrevokedKey } from "./claim.ts";
import { customRolesOf, grantsOf, accessColumns } from "./member.store.ts";
import { CLAIM_MACHINE, type ClaimEvent, transitionsOf } from "./state-machine.ts";

const maker = alias(member, "maker");
const makerAccount = alias(account, "maker_account");

/** A column beside a member: its keys that are good or wait, expired ones too. */
export const unrevokedKeysOf = (memberId: AnyColumn | SQL) =>
  sql`(SELECT json_group_array(json_object('id', k.id, 'name', k.name,
    'claimState', k.claim_state, 'isMade', iif(k.hash IS NULL, 0, 1), 'expiresAt', k.expires_at))
  FROM api_key k WHERE k.member_id = ${memberId} AND k.revoked_at IS NULL)`.mapWith(
    (json: string) => JSON.parse(json) as UnrevokedKey[],
  );

/** The address that signs in as the member, and the keys of the member. */
export const findSignInAndKeys = (db: Db, memberId: string) =>
  db
    .select({ email: user.email, keys: unrevokedKeysOf(member.id).as("standing_keys") })
    .from(member)
    .leftJoin(user, eq(user.id, member.userId))
    .where(eq(member.id, memberId));

/** The next state of a claim, as the table has it: for the states from which there is one. */
const nextClaimState = (event: ClaimEvent): SQL<"revoked"> => {
  const moves = transitionsOf(CLAIM_MACHINE, event).map(([from, to]) => sql`WHEN ${from} THEN ${to}`);
  return sql`CASE ${apiKey.claimState} ${sql.join(moves, sql` `)} ELSE ${apiKey.claimState} END`;
};

/** Events that end a claim before it is taken. */
type EndingEvent = Exclude<ClaimEvent, "tell" | "mail" | "exchange" | "lapse">;

/** Ends the claims of a member that the event ends, by the table. @param at milliseconds since the epoch */
export const endClaims = (db: Db, event: EndingEvent, memberId: string, at: number): Statement =>
  db
    .update(apiKey)
    .set({ claimState: nextClaimState(event), claimHash: null, revokedAt: at })
    .where(
      and(
        eq(apiKey.memberId, memberId),
        isNull(apiKey.hash),
        isNull(apiKey.revokedAt),
        sql`${apiKey.claimState} IN (${sql.join(
          transitionsOf(CLAIM_MACHINE, event).map(([from]) => sql`${from}`),
          sql`, `,
        )})`,
      ),
    );

/** Revokes every key that the member has. */
export const endKeys = (db: Db, memberId: string, at: number): Statement =>
  db
    .update(apiKey)
    .set({ revokedAt: at })
    .where(and(eq(apiKey.memberId, memberId), isNotNull(apiKey.hash), isNull(apiKey.revokedAt)));

/** One key or claim, by hand. */
export const revokeKey = (db: Db, accountId: string, id: string, at: number): Statement =>
  db
    .update(apiKey)
    .set({ revokedAt: at, claimHash: null, claimState: nextClaimState("revoke") })
    .where(and(eq(apiKey.accountId, accountId), eq(apiKey.id, id)));

/**
 * Fails under "changed" when a person signs in as the member, or a key of the member is good. Without either,
 * the maker of a claim may see its token.
 */
export const guardNoCredential = (db: Db, memberId: string, at: number): Statement =>
  guard(db, "changed", hasNoCredential(sql`${memberId}`, at));

const hasNoCredential = (memberId: SQL, at: number): SQL => sql`
  NOT EXISTS (SELECT 1 FROM member p WHERE p.id = ${memberId} AND p.user_id IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM api_key o WHERE o.member_id = ${memberId} AND o.hash IS NOT NULL
    AND o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > ${at}))`;

/**
 * A key that waits for its member, with everything that decides whether it may still be claimed: the member,
 * the account and the maker. The maker must still have the power to make it.
 */
export const findClaim = (db: Db, claimHash: string) =>
  db
    .select({
      key: apiKey,
      member: accessColumns(member),
      grants: grantsOf(member),
      customRoles: customRolesOf(member),
      account,
      maker: accessColumns(maker as unknown as typeof member),
      makerGrants: grantsOf(maker),
      makerRoles: customRolesOf(maker),
      makerAccount,
      grandparentId: sql<
        string | null
      >`(SELECT above.parent_id FROM account above WHERE above.id = ${account.parentId})`.as(
        "grandparent_id",
      ),
      aboveMaker: sql`(SELECT above.settings FROM account above WHERE above.id = ${makerAccount.parentId})`
        .mapWith(account.settings)
        .as("above_maker"),
    })
    .from(apiKey)
    .innerJoin(member, eq(member.id, apiKey.memberId))
    .innerJoin(account, eq(account.id, apiKey.accountId))
    .innerJoin(maker, eq(maker.id, apiKey.createdBy))
    .innerJoin(makerAccount, eq(makerAccount.id, maker.accountId))
    .where(and(eq(apiKey.claimHash, claimHash), isNull(apiKey.hash), isNull(apiKey.revokedAt)));

export type Claim = Awaited<ReturnType<typeof findClaim>>[number];

/**
 * A new member becomes active by it, and waits for no invitation any more. Two claims of one token meet at
 * the guard `claim_used`, and so does a claim with a change of a member on whom it rests.
 */
export const exchangeClaim = (
  db: Db,
  claim: Claim,
  secret: { hash: string; prefix: string; last4: string },
  at: number,
): Statement[] => [
  guard(
    db,
    "claim_used",
    sql`EXISTS (SELECT 1 FROM api_key k
    JOIN member m ON m.id = k.member_id
    JOIN account a ON a.id = k.account_id
    JOIN member maker ON maker.id = k.created_by
    JOIN account above ON above.id = maker.account_id
    WHERE k.id = ${claim.key.id} AND k.claim_hash = ${claim.key.claimHash}
      AND k.hash IS NULL AND k.revoked_at IS NULL
      AND m.version = ${claim.member.version} AND a.version = ${claim.account.version}
      AND maker.version = ${claim.maker.version} AND above.version = ${claim.makerAccount.version}
      AND k.claim_state = ${claim.key.claimState}
      AND iif(k.claim_state = 'told', ${hasNoCredential(sql`m.id`, at)}, m.user_id IS NOT NULL))`,
  ),
  db
    .update(apiKey)
    .set({ ...secret, claimHash: null, claimExpiresAt: null, claimState: nextClaimState("exchange") })
    .where(eq(apiKey.id, claim.key.id)),
  // Another claim, or an arrival at the same time, depends on the keys of the member.
  claim.member.status === "new"
    ? activateMember(db, claim.member.id, at)
    : bumpMember(db, claim.member.accountId, claim.member.id, at),
  // The invitation ends. If it stayed, it could be moved to another address, and another person would take
  // over a member who is in already.
  db
    .update(invitation)
    .set({ status: "accepted", acceptedAt: at, updatedAt: at })
    .where(
      and(
        eq(invitation.accountId, claim.member.accountId),
        eq(invitation.memberId, claim.member.id),
        eq(invitation.status, "pending"),
      ),
    ),
];

/** A member who takes the first credential has come in. */
const activateMember = (db: Db, memberId: string, at: number): Statement =>
  db
    .update(member)
    .set({
      status: "active",
      acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`,
      lastLoginAt: at,
      version: sql`${member.version} + 1`,
    })
    .where(eq(member.id, memberId));
