import { type AccountKind, presetOfKind } from "../access/model.ts";
import type { Authority } from "../gate/principals/authority.ts";
import type { Permit } from "../gate/permits/permit.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import type { AuditEvent } from "../audit/chain/event.ts";
import type { Call } from "../gate/calls/call.ts";
import { createFirstClaim, replaceClaim } from "../gate/api-keys/claim.change.ts";
import type { ClaimTarget } from "../gate/api-keys/claim-rule.ts";
import { DEFAULT_SETTINGS } from "../gate/principals/settings.ts";
import { foldForSearch } from "../kernel/text/search-fold.ts";
import { newId } from "../kernel/id.ts";
import type { Answer } from "../kernel/http/operation.ts";
import type { Profile } from "../kernel/schema/team.ts";
import type { TierRow } from "../kernel/schema/tier.ts";
import { type AccountRow, NO_SUBSCRIPTION } from "./account.card.ts";
import { DEFAULT_PLAN } from "./tiers/plan.card.ts";
import { insertInvitation } from "../people/invitations/invitation.store.ts";
import { prepareInvitationMail } from "../people/invitations/invitation-mail.load.ts";
import { newInvitation } from "../people/invitations/new-invitation.change.ts";
import { tierEffects } from "./account-state.change.ts";
import { insertAccount } from "./account.store.ts";
import { guardTier } from "./tiers/tier.store.ts";
import type { MemberRow } from "../people/members/member.card.ts";
import { insertMember } from "../people/members/member.store.ts";
import { newMemberRow } from "../people/members/new-member.change.ts";

/** What a new account is made of; the rest is as for every new one. */
export interface NewAccountInput {
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

/**
 * Another claim for an existing member: the older one ends. The answer has it when no person signs in as the
 * member; otherwise it is mailed to that person.
 * @param ownLogEvent the event in the caller's own audit log, if that is another account's; by default the
 * same event
 * @throws Problem access/denied, conflict/state, conflict/last-admin
 */
export async function reissueClaim(
  call: Call,
  permit: Permit,
  account: AccountRow,
  member: ClaimTarget["member"],
  revokeKeys: boolean,
  ownLogEvent?: (keyId: string) => AuditEvent,
): Promise<Answer> {
  const { row, claim, events, ...change } = await replaceClaim(
    call,
    permit,
    { member, account: claimAccountOf(account) },
    revokeKeys,
  );
  const { accountId } = call.principal;
  const callerEvents =
    ownLogEvent === undefined
      ? events.map((event) => ({ ...event, id: newId("event", call.now), accountId }))
      : [ownLogEvent(row.id)];
  return call.commit(
    { ...change, events: [...events, ...(accountId === account.id ? [] : callerEvents)] },
    { status: 201, body: { memberId: member.id, claim } },
  );
}

/** What a claim asks of an account below, or of a tenant. */
export const claimAccountOf = ({
  name,
  kind,
  settings,
  ownerMemberId,
}: Pick<AccountRow, "name" | "kind" | "settings" | "ownerMemberId">): ClaimTarget["account"] => ({
  name,
  preset: presetOfKind(kind),
  locale: settings.locale ?? DEFAULT_SETTINGS.locale,
  ownerMemberId,
});

const newAccountRow = (
  {
    kind,
    name,
    parentId,
    plan,
    subscription,
    profile = {},
  }: NewAccountInput & Pick<AccountRow, "plan" | "subscription">,
  id: string,
  ownerMemberId: string,
  now: number,
): AccountRow => ({
  id,
  kind,
  name,
  nameFolded: foldForSearch(name),
  parentId,
  ownerMemberId,
  plan,
  subscription,
  settings: DEFAULT_SETTINGS,
  allowedIps: [],
  profile,
  mailsPerDay: null,
  restoredAt: null,
  version: 1,
  createdAt: now,
  updatedAt: now,
});

/**
 * An account with its first owner, who holds the top role of its model, is invited by mail, and may claim the
 * first key.
 */
export async function prepareAccount(call: Call, authority: Authority, input: NewAccountInput) {
  const { kind, name, owner: ownerFields } = input;
  const { plan = DEFAULT_PLAN, subscription = NO_SUBSCRIPTION, tier = null } = input;
  const { now, db } = call;
  const accountId = newId("account", now);
  const preset = presetOfKind(kind as AccountKind);
  const owner = newMemberRow(call, accountId, {
    ...ownerFields,
    roles: [preset.topRole],
    ...(preset.hasLoginNumbers ? { login: "0001" } : {}),
  });
  const effects = tierEffects(call, { id: accountId, plan }, { state: "subscription", subscription, tier });
  const account = newAccountRow({ ...input, plan: effects.plan, subscription }, accountId, owner.id, now);
  const permit = requestPermit(
    call,
    { kind: "account", accountId, ownerId: owner.id, topRole: preset.topRole },
    authority,
  );
  const firstKeyClaim = createFirstClaim(call, permit, { member: owner, account: claimAccountOf(account) });
  const { invitation, mails } = await prepareInvitationMail(call, owner, newInvitation(call, owner), {
    name,
    preset,
    settings: DEFAULT_SETTINGS,
  });
  const statements = [
    insertAccount(db, permit, account),
    ...insertMember(db, permit, owner, [], false),
    insertInvitation(db, permit, invitation),
    ...firstKeyClaim.statements,
  ];
  const tierStatements = [...(tier === null ? [] : [guardTier(db, tier)]), ...effects.statements];
  return {
    account,
    owner,
    permit,
    claim: firstKeyClaim.claim,
    mails,
    statements: [...statements, ...tierStatements],
    givesCredits: effects.givesCredits,
  };
}
