import { and, eq, isNull, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { apiKey } from "../schema/identity.ts";
import { invitation } from "../schema/invitation.ts";
import { account, member } from "../schema/team.ts";
import { customRolesOf, grantsOf, holder } from "./member.store.ts";

const maker = alias(member, "maker");
const makerAccount = alias(account, "maker_account");

/**
 * A key that waits for its member, with everything that decides whether it may still be claimed: the member, the account,
 * and whoever made it, because a claim goes no further than its maker's power does by then.
 */
export const findClaim = (db: Db, claimHash: string) =>
  db.select({ key: apiKey, member: holder(member), grants: grantsOf(member), customRoles: customRolesOf(member), account, maker: holder(maker as unknown as typeof member),
    makerGrants: grantsOf(maker), makerRoles: customRolesOf(maker), makerAccount,
    grandparentId: sql<string | null>`(SELECT above.parent_id FROM account above WHERE above.id = ${account.parentId})`.as("grandparent_id"),
    aboveMaker: sql`(SELECT above.settings FROM account above WHERE above.id = ${makerAccount.parentId})`.mapWith(account.settings).as("above_maker") })
    .from(apiKey)
    .innerJoin(member, eq(member.id, apiKey.memberId))
    .innerJoin(account, eq(account.id, apiKey.accountId))
    .innerJoin(maker, eq(maker.id, apiKey.createdBy))
    .innerJoin(makerAccount, eq(makerAccount.id, maker.accountId))
    .where(and(eq(apiKey.claimHash, claimHash), isNull(apiKey.hash), isNull(apiKey.revokedAt)));

export type Claim = Awaited<ReturnType<typeof findClaim>>[number];

/** A new member becomes active by it, and waits for no invitation any more. Two claims of one token meet at the guard `claim_used`, and so does a claim with a change of anybody on whom it rests. */
export const claimKey = (db: Db, claim: Claim, secret: { hash: string; prefix: string; last4: string }, at: number): Statement[] => [
  guard(db, "claim_used", sql`EXISTS (SELECT 1 FROM api_key k
    JOIN member m ON m.id = k.member_id JOIN account a ON a.id = k.account_id JOIN member maker ON maker.id = k.created_by JOIN account above ON above.id = maker.account_id
    WHERE k.id = ${claim.key.id} AND k.claim_hash = ${claim.key.claimHash} AND k.hash IS NULL AND k.revoked_at IS NULL
      AND m.version = ${claim.member.version} AND a.version = ${claim.account.version} AND maker.version = ${claim.maker.version}
      AND above.version = ${claim.makerAccount.version})`),
  db.update(apiKey).set({ ...secret, claimHash: null, claimExpiresAt: null }).where(eq(apiKey.id, claim.key.id)),
  ...(claim.member.status === "new" ? [activate(db, claim.member.id, at)] : []),
  // Else whoever moved it to another address would make somebody else out of a member who is in.
  db.update(invitation).set({ status: "accepted", acceptedAt: at, updatedAt: at })
    .where(and(eq(invitation.accountId, claim.member.accountId), eq(invitation.memberId, claim.member.id), eq(invitation.status, "pending"))),
];

/** Whoever takes the first credential has come in. */
const activate = (db: Db, memberId: string, at: number): Statement =>
  db.update(member).set({ status: "active", acceptedAt: sql`COALESCE(${member.acceptedAt}, ${at})`, lastLoginAt: at, version: sql`${member.version} + 1` }).where(eq(member.id, memberId));
