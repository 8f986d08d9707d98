import { z } from "zod";
import { memberRef } from "../../access/decision.ts";
import { presetWithSwitches } from "../../access/model.ts";
import { findParent } from "../../accounts/account.store.ts";
import { loadTenant } from "../../accounts/tenant.load.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { requireAuthorityToStop } from "../../gate/calls/required-authority.ts";
import { resolveSettings } from "../../gate/principals/settings.ts";
import { permitReinvite } from "../invitations/reinvite.load.ts";
import { InvitationCard, MailCard } from "../invitations/invitation.card.ts";
import { requireAllowedEmailDomain } from "../invitations/invite-rule.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import type { MemberRow } from "../members/member.card.ts";
import { accessOf } from "../members/member-access.ts";
import { loadMember } from "../members/member.load.ts";
import { selectIsSelfOrOpenedBy } from "./sign-in-address.store.ts";
import { inviteSignInAddress, unlinkSignInAddress, withCardEmail } from "./member-sign-in-address.change.ts";
import { message } from "../../kernel/messages/message.ts";

const body = z
  .strictObject({ email: emailAddress.describe("Stands on the member's card from now on.") })
  .meta({ id: "SignInAddress" });
const answer = InvitationCard.extend({ mail: MailCard }).meta({
  id: "SentInvitation",
  extends: "Invitation",
});
const problems = [
  "conflict/state",
  "conflict/last-admin",
  "conflict/duplicate-member",
  "conflict/duplicate-invitation",
  "quota-exceeded",
  "plan/feature-required",
] as const;

/**
 * The owner of an account comes in by nothing that another of its members says or takes. @throws Problem
 * access/denied, conflict/last-admin
 */
function requireNotSelfOrOwner({ principal }: Call, row: MemberRow): void {
  if (row.id === principal.memberId)
    throw new Problem("access/denied", {
      detail: message("signIn.notYourself"),
    });
  if (row.id !== principal.targetAccount.ownerMemberId) return;
  throw new Problem("conflict/last-admin", {
    detail: message("signIn.platformOnly"),
  });
}

/**
 * The thief of a member's key could add another member for this call, or act through one, also through the
 * owner of the account. So no member for whom the target opened a way in makes it.
 * @throws Problem access/denied
 */
async function requireNotOpenedByTarget(call: Call, row: MemberRow): Promise<void> {
  const { db, principal } = call;
  const [[through]] = await call.read(selectIsSelfOrOpenedBy(db, principal.memberId, row.id));
  if (through?.answer !== true) return;
  throw new Problem("access/denied", {
    detail: message("signIn.addedYou"),
  });
}

const inviteEndpoint = endpoint(
  {
    method: "POST",
    path: "/v1/members/:id/sign-in-address",
    operationId: "setMemberSignInAddress",
    tag: "Members",
    right: "member.edit",
    status: 200,
    summary:
      "Name the address that signs in as a member whom no person signs in as yet: it is invited by mail. " +
      "Keys of the member end when the invitation is accepted.",
    body,
    answer,
    problems,
  },
  async (call) => {
    const found = await loadMember(call, "member.edit");
    const { row } = found;
    const { email: newEmail } = await call.body();
    requireNotSelfOrOwner(call, row);
    await requireNotOpenedByTarget(call, row);
    const permit = permitReinvite(call, { ...found, row: withCardEmail(call, row, newEmail) });
    const { targetAccount, preset } = call.principal;
    return inviteSignInAddress(call, permit, row, newEmail, {
      name: targetAccount.name,
      preset,
      settings: targetAccount.settings,
    });
  },
);

const unlink = endpoint(
  {
    method: "DELETE",
    path: "/v1/members/:id/sign-in-address",
    operationId: "unlinkMemberSignInAddress",
    tag: "Members",
    right: "api_key.revoke",
    status: 204,
    summary:
      "Unlink the address that signs in as a member: sessions end, " +
      "and signing in as the member is not possible until an address is named.",
    problems: ["conflict/last-admin"],
  },
  async (call) => {
    const { accountId } = call.principal;
    const id = call.params["id"] ?? "";
    const [[found]] = await call.read(findMember(call.db, accountId, id));
    call.query();
    call.requireRight("api_key.revoke");
    call.requireRight("api_key.revoke", memberRef(id), "api_key.view");
    if (found === undefined) throw new Problem("not-found");
    requireNotSelfOrOwner(call, found.row);
    requireAuthorityToStop(call.principal, { ...found.row, ...found });
    return unlinkSignInAddress(call, found.row);
  },
);

const platformPath = "/v1/accounts/:id/members/:memberId/sign-in-address";

const inviteAsPlatform = endpoint(
  {
    method: "POST",
    path: platformPath,
    operationId: "setAccountMemberSignInAddress",
    tag: "Accounts",
    right: "account.manage",
    status: 200,
    summary: "Platform: the same for a member of any account, its owner too.",
    body,
    answer,
    problems,
  },
  async (call) => {
    const [account, [found], [parent]] = await loadTenant(
      call,
      findMember(call.db, call.params["id"] ?? "", call.params["memberId"] ?? ""),
      findParent(call.db, call.params["id"] ?? ""),
    );
    const { email: newEmail } = await call.body();
    if (found === undefined) throw new Problem("not-found");
    const { settings, switches } = resolveSettings(account, parent?.settings ?? null);
    requireAllowedEmailDomain(settings.allowedEmailDomains, newEmail);
    const access = accessOf(found.row, found.grants, found.customRoles);
    const permit = requestPermit(call, { kind: "entry", memberId: found.row.id, access }, "platform");
    return inviteSignInAddress(call, permit, found.row, newEmail, {
      name: account.name,
      preset: presetWithSwitches(account.kind, switches),
      settings,
    });
  },
);

const unlinkAsPlatform = endpoint(
  {
    method: "DELETE",
    path: platformPath,
    operationId: "unlinkAccountMemberSignInAddress",
    tag: "Accounts",
    right: "account.manage",
    status: 204,
    summary: "Platform: the same for a member of any account, its owner too.",
  },
  async (call) => {
    const [, [found]] = await loadTenant(
      call,
      findMember(call.db, call.params["id"] ?? "", call.params["memberId"] ?? ""),
    );
    call.query();
    if (found === undefined) throw new Problem("not-found");
    return unlinkSignInAddress(call, found.row);
  },
);

export const memberSignInAddressEndpoints: readonly Endpoint[] = [
  inviteEndpoint,
  unlink,
  inviteAsPlatform,
  unlinkAsPlatform,
];
