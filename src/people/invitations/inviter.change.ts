import { decide } from "../../access/decide.ts";
import { isCustomRole } from "../../access/invite.ts";
import type { Stamp } from "../../access/stamp.ts";
import type { TypeTable } from "../../access/type.ts";
import { hasArrived } from "../../gate/calls/arrival.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import { decidePermit, Permit } from "../../gate/permits/permit.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { findPrincipalBehind } from "../../gate/principals/principal.store.ts";
import type { Db } from "../../kernel/db.ts";
import { accessOf } from "../members/member.change.ts";
import type { Acceptable } from "./acceptance.store.ts";

type Given = Awaited<ReturnType<typeof findMember>>[number];

/**
 * An invitation gives only what its last sender could still give. Answers the stamp under which they still
 * could, for the batch of the acceptance; null when they are gone, blocked or have fewer rights.
 */
export async function inviterStamp(
  db: Db,
  types: TypeTable,
  { invitation, member, account }: Acceptable,
): Promise<Stamp | null> {
  const [inviter, [given]] = await Promise.all([
    findPrincipalBehind(db, invitation.invitedBy, account.id, types),
    findMember(db, account.id, member.id),
  ]);
  if (inviter === null || given === undefined || inviter.member.status !== "active") return null;
  if (inviter.home.kind === "platform") return inviter.stamp;
  // The member may have become the owner since. No other member decides who comes in as the owner.
  if (member.id === account.ownerMemberId && hasArrived(member)) return null;
  return couldGive(inviter, given) ? inviter.stamp : null;
}

/** The checks of inviting, except those that need a call. */
function couldGive(inviter: Principal, { row, grants, customRoles }: Given): boolean {
  const { accountId, preset, home, grantSet, astray } = inviter;
  // A member who may found an account below gives its first roles, too.
  const mayAdd =
    decide(grantSet, "member.create").allowed ||
    (accountId !== home.accountId && decide(grantSet, "organization.create").allowed);
  if (astray || !mayAdd) return false;
  const roles = row.roles.filter((role) => isCustomRole(role) || Object.hasOwn(preset.roles, role));
  const access = { ...accessOf({ ...row, roles }, grants, customRoles), creditLimit: null };
  const answer = decidePermit(inviter, { kind: "entry", memberId: row.id, access }, "member");
  // The acceptance itself refuses access that became invalid, or that needs a plan.
  return answer instanceof Permit || answer.kind === "invalid" || answer.kind === "plan";
}
