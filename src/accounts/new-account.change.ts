import { type AccountKind, presetOf } from "../access/model.ts";
import { CLAIM_TTL_MS } from "../identity/api-key.card.ts";
import { insertKey, replaceWaiting } from "../identity/api-key.store.ts";
import type { AuditEvent } from "../audit/event.ts";
import type { Call } from "../identity/call.ts";
import { DEFAULT_SETTINGS } from "../identity/settings.ts";
import { iso } from "../kernel/clock.ts";
import type { Statement } from "../kernel/db.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { fold } from "../kernel/fold.ts";
import { newId } from "../kernel/id.ts";
import type { Answer } from "../kernel/operation.ts";
import { randomToken } from "../kernel/secret.ts";
import type { Profile } from "../schema/team.ts";
import type { TierRow } from "../schema/tier.ts";
import { type AccountRow, DEFAULT_PLAN, NO_SUBSCRIPTION } from "./account.card.ts";
import { insertInvitation } from "../invitations/invitation.store.ts";
import { newInvitation, sent } from "../invitations/invite.change.ts";
import { tierEffects } from "./account-state.change.ts";
import { insertAccount } from "./account.store.ts";
import { guardTier } from "./tier.store.ts";
import type { MemberRow } from "../team/member.card.ts";
import { insertMember } from "../team/member.store.ts";
import { newMemberRow } from "../team/new-member.change.ts";

/** What a new account is made of; the rest is as for every new one. */
export interface Founding {
  readonly kind: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly owner: Pick<MemberRow, "email" | "firstName" | "lastName">;
  readonly plan?: AccountRow["plan"] | undefined;
  readonly subscription?: AccountRow["subscription"] | undefined;
  /** The one that the subscription names. */
  readonly tier?: TierRow | null;
  readonly profile?: Profile | undefined;
}

/** For the owner, who exchanges it for the first API key. */
export interface Claim {
  readonly token: string;
  readonly expiresAt: string;
}

/** The first key of an account's owner, which only the owner will see: it waits under a claim. */
export function firstKey(call: Call, accountId: string, memberId: string): { statement: Statement; keyId: string; claim: Claim } {
  const claim = { token: randomToken(), expiresAt: call.now + CLAIM_TTL_MS };
  const key = {
    id: newId("apiKey", call.now), accountId, memberId, createdBy: call.principal.memberId, name: "First key", hash: null, prefix: null,
    last4: null, claimHash: sha256Hex(claim.token), claimExpiresAt: claim.expiresAt, scopes: null, allowedIps: [], createdAt: call.now,
  };
  return { statement: insertKey(call.db, key), keyId: key.id, claim: { token: claim.token, expiresAt: iso(claim.expiresAt) } };
}

/**
 * Another claim for a member's first key, while the member has never had one: the older claim ends. Fails under "claim_used"
 * (`invitation/used`). @param event as it stands in the chain of the account, and in that of whoever asks
 */
export function claimAnew(call: Call, accountId: string, memberId: string, event: (chain: string, keyId: string) => AuditEvent): Promise<Answer> {
  const { statement, keyId, claim } = firstKey(call, accountId, memberId);
  return call.commit({
    statements: [...replaceWaiting(call.db, memberId, call.now), statement],
    events: [...new Set([accountId, call.principal.accountId])].map((chain) => event(chain, keyId)), refusals: { claim_used: "invitation/used" },
  }, { status: 201, body: { memberId, claim } });
}

/** An account with its first owner, who holds the top role of its model, is invited by mail, and may claim the first key. */
export async function foundAccount(call: Call, founding: Founding) {
  const { kind, parentId, name, owner: person, plan = DEFAULT_PLAN, subscription = NO_SUBSCRIPTION, tier = null, profile = {} } = founding;
  const { now, db } = call;
  const accountId = newId("account", now);
  const preset = presetOf(kind as AccountKind);
  const owner = newMemberRow(call, accountId, { ...person, roles: [preset.topRole], ...(preset.logins ? { login: "0001" } : {}) });
  const gives = tierEffects(call, { id: accountId, plan }, { state: "subscription", subscription, tier });
  const account: AccountRow = {
    id: accountId, kind, name, nameFolded: fold(name), parentId, ownerMemberId: owner.id, plan: gives.plan, subscription, settings: DEFAULT_SETTINGS,
    allowedIps: [], profile, mailsPerDay: null, version: 1, createdAt: now, updatedAt: now,
  };
  const { statement, claim } = firstKey(call, accountId, owner.id);
  const { invitation, letters } = await sent(call, owner, newInvitation(call, owner), { name, preset, settings: DEFAULT_SETTINGS });
  const statements = [insertAccount(db, account), ...insertMember(db, owner, [], false), insertInvitation(db, invitation), statement];
  const ofTier = [...(tier === null ? [] : [guardTier(db, tier)]), ...gives.statements];
  return { account, owner, claim, letters, statements: [...statements, ...ofTier], givesCredits: gives.givesCredits };
}
