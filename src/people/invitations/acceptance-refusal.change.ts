import { presetOfKind } from "../../access/model.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { admitsAddress, compileAddressRules } from "../../gate/credentials/address-rule.ts";
import { hasLapsedPlan } from "../../gate/principals/admission.ts";
import { hasJoinedSince } from "../../gate/calls/joined-member.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { isOtherMembersCredential } from "../../gate/principals/other-credential.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { recordStrangerRefusal } from "../../gate/calls/stranger-refusal.change.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { acceptEvent, type AcceptanceContext } from "./acceptance.change.ts";
import type { ValidInvitation, PendingInvitation } from "./acceptance.store.ts";
import { isEmailDomainAllowed } from "./invite-rule.ts";
import { message } from "../../kernel/messages/message.ts";

/** @throws Problem not-found, invitation/used, invitation/revoked: no person can accept it */
export function requireValidInvitation(waiting: PendingInvitation | undefined): ValidInvitation {
  if (waiting === undefined)
    throw new Problem("not-found", {
      detail: message("invitations.noToken"),
    });
  const {
    invitation: { status, email },
    member,
  } = waiting;
  if (
    status === "accepted" ||
    (status === "pending" && member !== null && hasJoinedSince(member, waiting.invitation))
  ) {
    const byKey = member !== null && member.userId === null;
    throw new Problem("invitation/used", {
      detail: byKey ? message("invitations.nameAddress") : message("invitations.acceptedAlready"),
    });
  }
  // When the card has another address by now, this invitation is for another person. It has to be sent again,
  // to the new address.
  if (status === "revoked" || member === null || member.email !== email)
    throw new Problem("invitation/revoked");
  return { ...waiting, member };
}

/**
 * Why it may not be accepted now, or from here; null when it may. In the order in which it decides.
 * @param inviter the stamp under which its sender could still give it; null when they could not
 * @param caller whose credential the call carries; null without one
 */
export function findAcceptanceProblem(
  call: AcceptanceContext,
  { invitation, member, account, userId, taken }: ValidInvitation,
  caller: Principal | null,
  inviter: Stamp | null,
): Problem | null {
  if (invitation.expiresAt <= call.now)
    return new Problem("invitation/expired", {
      detail: message("invitations.expired"),
    });
  if (member.status === "blocked") return new Problem("auth/blocked");
  if (inviter === null)
    return new Problem("invitation/revoked", {
      detail: message("invitations.senderLostRights"),
    });
  if (!isEmailDomainAllowed(account.settings.allowedEmailDomains ?? [], member.email)) {
    return new Problem("invitation/revoked", {
      detail: message("invitations.domainNotAllowed"),
    });
  }
  if (isOtherMembersCredential(caller, { memberId: member.id, userId }))
    return new Problem("conflict/other-address");
  if (!admitsAddress([account.allowedIps, member.allowedIps].map(compileAddressRules), call.origin.ip)) {
    return new Problem("ip/not-allowed", {
      detail: message("invitations.acceptElsewhere"),
    });
  }
  if (hasLapsedPlan({ preset: presetOfKind(account.kind), plan: account.plan }, member.roles)) {
    return new Problem("plan/feature-required", {
      extensions: { feature: "restrictedAccounts", contact: account.plan.contactUrl ?? call.env.CONTACT_URL },
    });
  }
  return taken ? samePersonProblem() : null;
}

export const samePersonProblem = () =>
  new Problem("conflict/duplicate-member", {
    detail: message("invitations.memberAlready"),
  });

/** Writes a refusal into the account's trail, under the member who was invited. */
export async function recordAcceptanceRefusal(
  call: OpenCall,
  waiting: ValidInvitation,
  { code }: Problem,
): Promise<void> {
  const event: AuditEvent = { ...acceptEvent(call, waiting), outcome: "denied", reason: code };
  await recordStrangerRefusal(call, event);
}
