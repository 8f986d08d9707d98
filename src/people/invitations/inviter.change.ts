import { decide } from "../../access/decision.ts";
import { isCustomRole } from "../../access/role-giving.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import { decidePermit, Permit } from "../../gate/permits/permit.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { toActingMember } from "../../gate/principals/principal-row.ts";
import { accessOf } from "../members/member-access.ts";
import type { ValidInvitation } from "./acceptance.store.ts";

/**
 * An invitation gives only what its last sender could still give. Answers the stamp under which they still
 * could, for the batch of the acceptance; null when they are gone, blocked or have fewer rights.
 */
export function inviterStampOf(types: TypeTable, waiting: ValidInvitation): Stamp | null {
  const { member, account } = waiting;
  const inviter = inviterOf(types, waiting);
  if (inviter?.member.status !== "active") return null;
  if (inviter.ownAccount.kind === "platform") return inviter.stamp;
  // The member may have become the owner since. No other member decides who comes in as the owner.
  if (member.id === account.ownerMemberId && hasJoined(member)) return null;
  return canStillGive(inviter, waiting) ? inviter.stamp : null;
}

/** The member who invited, with the access that they have now; null when the member is gone. */
function inviterOf(types: TypeTable, waiting: ValidInvitation): Principal | null {
  const { account, inviter, inviterAccount, inviterGrants, inviterRoles } = waiting;
  if (inviter === null || inviterAccount === null) return null;
  return toActingMember(
    {
      member: inviter,
      account: inviterAccount,
      target: account.id === inviterAccount.id ? null : account,
      grants: inviterGrants,
      customRoles: inviterRoles,
      ownParentSettings: waiting.ownParentSettings,
      targetParentSettings: waiting.targetParentSettings,
      targetGrandparentId: waiting.targetGrandparentId,
      platformId: waiting.platformId,
    },
    { kind: "behalf" },
    account.id,
    types,
  );
}

/** The checks of inviting, except those that need a call. */
function canStillGive(inviter: Principal, { member, grants, customRoles }: ValidInvitation): boolean {
  const { accountId, preset, ownAccount, grantSet, targetNotFound } = inviter;
  // A member who may found an account below gives its first roles, too.
  const canAdd =
    decide(grantSet, "member.create").allowed ||
    (accountId !== ownAccount.accountId && decide(grantSet, "organization.create").allowed);
  if (targetNotFound || !canAdd) return false;
  const roles = member.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  const access = { ...accessOf({ ...member, roles }, grants, customRoles), creditLimit: null };
  const decision = decidePermit(inviter, { kind: "entry", memberId: member.id, access }, "member");
  // The acceptance itself refuses access that became invalid, or that needs a plan.
  return decision instanceof Permit || decision.kind === "invalid" || decision.kind === "plan";
}
