import { decide, refById } from "../../access/decision.ts";
import { presetOfKind } from "../../access/model.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { grantOrganization } from "../../resources/organization.store.ts";
import { requireInvitingAllowed } from "../../people/members/member.load.ts";

/**
 * The owner's first key waits under a claim, which works only while its maker may give the owner's role. A
 * founder who may not give it would found an account that no member can enter. A founder must also see the
 * account that was founded.
 * @throws Problem access/denied
 */
export function permitFounding(
  call: Call,
  kind: string,
  { accountId, ownerId } = { accountId: "", ownerId: "" },
): Permit {
  requireInvitingAllowed(call);
  call.requireRight("organization.view");
  return requestPermit(call, { kind: "account", accountId, ownerId, topRole: presetOfKind(kind).topRole });
}

/** A founder who reaches single organizations only is given the new one, too. */
export function prepareFounderGrant(call: Call, permit: Permit, organizationId: string) {
  const { memberId, ownAccount, grantSet } = call.principal;
  if (decide(grantSet, "organization.view", refById(organizationId)).allowed)
    return { statements: [], events: [] };
  const grant = { resourceType: "organization", resourceId: organizationId, access: "view" as const };
  return {
    statements: [
      grantOrganization(call.db, permit, ownAccount.accountId, memberId, organizationId),
      bumpMember(call.db, ownAccount.accountId, memberId, call.now),
    ],
    events: [
      call.event(
        "grant.edit",
        { type: "member", id: memberId },
        { accountId: ownAccount.accountId, changes: { before: {}, after: { grants: [grant] } } },
      ),
    ],
  };
}
