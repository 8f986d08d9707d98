import { memberRef } from "../../access/decision.ts";
import { hasJoinedSince } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import type { requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import { findInvitation, findInvitedMember } from "./invitation.store.ts";
import { message } from "../../kernel/messages/message.ts";

interface LoadedInvitation {
  readonly invitation: InvitationRow;
  readonly invited: Awaited<ReturnType<typeof findInvitedMember>>[number] | undefined;
}

/** An invitation whose member the caller may see. @throws Problem not-found for any other */
export async function loadInvitation(call: Call): Promise<LoadedInvitation> {
  const [{ accountId }, id] = [call.principal, call.params["id"] ?? ""];
  const [[invitation], [invited]] = await call.read(
    findInvitation(call.db, accountId, "email", id),
    findInvitedMember(call.db, accountId, id),
  );
  call.requireRight("member.view", memberRef(invitation?.memberId ?? ""), true);
  if (invitation === undefined) throw new Problem("not-found");
  return { invitation, invited };
}

/**
 * An invitation that waits, for a caller with this authority over its member.
 * @throws Problem access/denied, not-found, invitation/used, invitation/revoked
 */
export async function loadPendingInvitation(
  call: Call,
  requireAuthority: typeof requireAuthorityOver,
): Promise<{ invitation: InvitationRow; invited: NonNullable<LoadedInvitation["invited"]> }> {
  requireInvitingAllowed(call);
  call.requireRight("member.create");
  const { invitation, invited } = await loadInvitation(call);
  if (invited !== undefined) requireAuthority(call.principal, { ...invited.row, ...invited });
  if (
    invitation.status === "accepted" ||
    (invitation.status === "pending" && invited !== undefined && hasJoinedSince(invited.row, invitation))
  )
    throw new Problem("invitation/used", { detail: message("invitations.accepted") });
  if (invitation.status === "revoked" || invited === undefined)
    throw new Problem("invitation/revoked", { detail: message("invitations.takenBack") });
  return { invitation, invited };
}
