import type { LoadedMember } from "../../gate/credentials/member.store.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { emailConfirmationToken } from "../../channels/mail/one-time-token.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import type { MemberRow } from "../members/member.card.ts";
import { requireNotOwnersAddress } from "../members/member.load.ts";
import { permitReinvite } from "../invitations/reinvite.load.ts";
import {
  findPendingInvitation,
  guardInvitation,
  updateInvitationToken,
} from "../invitations/invitation.store.ts";
import { prepareDelayedInvitationMail } from "../invitations/invitation-mail.load.ts";

interface EmailChange {
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  readonly mails: readonly MailMessage[];
}

const NO_EMAIL_CHANGE: EmailChange = { statements: [], events: [], mails: [] };

/**
 * What goes with another address. A pending invitation moves there, and is sent there if it was sent before.
 * A member who has joined already is asked to confirm the address.
 * @throws Problem access/denied, validation, conflict/last-admin, plan/feature-required, quota-exceeded
 */
export async function prepareEmailChange(
  call: Call,
  { row, ...access }: LoadedMember,
  after: MemberRow,
): Promise<EmailChange> {
  if (after.email === row.email) return NO_EMAIL_CHANGE;
  requireNotOwnersAddress(call, row);
  // A member who has joined stays the same person, so no invitation moves with the address, in any state of
  // the card.
  if (hasJoined(row)) {
    // The address before hears of it, while it is still the card's.
    const isOwnSession = row.id === call.principal.memberId && call.principal.credential.kind === "session";
    const securityMails = isOwnSession ? [] : await loadSecurityMails(call, row.id, "card_address_changed");
    return { ...NO_EMAIL_CHANGE, mails: [...securityMails, ...confirmationMails(call, after)] };
  }
  const [[pending]] = await call.read(findPendingInvitation(call.db, row.accountId, row.id));
  if (pending !== undefined) return prepareInvitationMove(call, { row: after, ...access }, pending);
  return { ...NO_EMAIL_CHANGE, mails: confirmationMails(call, after) };
}

/**
 * The caller who says where an invitation goes, invites, because the reader of that mail can join as the
 * member.
 */
async function prepareInvitationMove(
  call: Call,
  member: LoadedMember,
  pending: InvitationRow,
): Promise<EmailChange> {
  const { row: after } = member;
  const permit = permitReinvite(call, member);
  const isResent = pending.sendCount > 0 && after.status !== "blocked";
  // The link that went to the old address ends in any case.
  const withoutMail = {
    invitation: {
      ...pending,
      tokenHash: null,
      tokenKid: null,
      invitedBy: call.principal.memberId,
      updatedAt: call.now,
    },
    mails: confirmationMails(call, after),
  };
  const { invitation, mails } = isResent
    ? await prepareDelayedInvitationMail(call, after, pending)
    : withoutMail;
  const moved = { ...invitation, email: after.email };
  const changes = diffFields(
    { sendCount: pending.sendCount, email: pending.email },
    { sendCount: moved.sendCount, email: moved.email },
  );
  return {
    statements: [guardInvitation(call.db, pending), updateInvitationToken(call.db, permit, moved, moved)],
    mails,
    events: isResent
      ? [call.event("invitation.send", { type: "invitation", id: pending.id }, { changes })]
      : [],
  };
}

/** A member who has never joined, or who is blocked, gets no mail. */
function confirmationMails(
  call: Call,
  { id, email, emailChange, language, status, acceptedAt }: MemberRow,
): MailMessage[] {
  if (status === "blocked" || (status === "new" && acceptedAt === null)) return [];
  const { name, settings } = call.principal.targetAccount;
  const { kid } = emailConfirmationToken(call.env.SIGNING_KEYS, null, id, email, emailChange);
  return [
    {
      id: newId("mail", call.now),
      to: email,
      language: language ?? settings.locale,
      template: "confirm_email",
      memberId: id,
      change: emailChange,
      kid,
      account: name,
    },
  ];
}
