import type { Call } from "../../gate/calls/call.ts";
import { newId } from "../../kernel/id.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import type { MemberRow } from "../members/member.card.ts";

/** The invitation of a new member, not sent yet. */
export const newInvitation = (
  call: Pick<Call, "now" | "principal">,
  row: Pick<MemberRow, "id" | "accountId" | "email" | "externalId">,
): InvitationRow => ({
  id: newId("invitation", call.now),
  accountId: row.accountId,
  kind: "email",
  memberId: row.id,
  email: row.email,
  name: null,
  role: null,
  tokenHash: null,
  tokenKid: null,
  status: "pending",
  expiresAt: call.now + call.principal.targetAccount.settings.invitationTtlMs,
  maxUses: null,
  uses: 0,
  sendCount: 0,
  mailAt: 0,
  externalId: row.externalId,
  invitedBy: call.principal.memberId,
  hookId: null,
  createdAt: call.now,
  acceptedAt: null,
  revokedAt: null,
  updatedAt: call.now,
});
