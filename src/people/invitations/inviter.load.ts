import { decide } from "../../access/decision.ts";
import { isCustomRole } from "../../access/role-giving.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { decidePermit, Permit } from "../../gate/permits/permit.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { findPrincipalOnBehalf } from "../../gate/principals/principal.store.ts";
import type { Db } from "../../kernel/db.ts";
import { accessOf } from "../members/member.load.ts";
import type { ValidInvitation } from "./acceptance.store.ts";

type LoadedMember = Awaited<ReturnType<typeof findMember>>[number];

/**
 * An invitation gives only what its last sender could still give. Answers the stamp under which they still
 * could, for the batch of the acceptance; null when they are gone, blocked or have fewer rights.
 */
export async function loadInviterStamp(
  db: Db,
  types: TypeTable,
  { invitation, member, account }: ValidInvitation,
): Promise<Stamp | null> {
  const [inviter, [invited]] = await Promise.all([
    findPrincipalOnBehalf(db, invitation.invitedBy, account.id, types),
    findMember(db, account.id, member.id),
  ]);
  if (inviter === null || invited === undefined || inviter.member.status !== "active") return null;
  if (inviter.ownAccount.kind === "platform") return inviter.stamp;
  // The member may have become the owner since. No other member decides who comes in as the owner.
  if (member.id === account.ownerMemberId && hasJoined(member)) return null;
  return canStillGive(inviter, invited) ? inviter.stamp : null;
}

/** The checks of inviting, except those that need a call. */
function canStillGive(inviter: Principal, { row, grants, customRoles }: LoadedMember): boolean {
  const { accountId, preset, ownAccount, grantSet, targetNotFound } = inviter;
  // A member who may found an account below gives its first roles, too.
  const canAdd =
    decide(grantSet, "member.create").allowed ||
    (accountId !== ownAccount.accountId && decide(grantSet, "organization.create").allowed);
  if (targetNotFound || !canAdd) return false;
  const roles = row.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  const access = { ...accessOf({ ...row, roles }, grants, customRoles), creditLimit: null };
  const decision = decidePermit(inviter, { kind: "entry", memberId: row.id, access }, "member");
  // The acceptance itself refuses access that became invalid, or that needs a plan.
  return decision instanceof Permit || decision.kind === "invalid" || decision.kind === "plan";
}
