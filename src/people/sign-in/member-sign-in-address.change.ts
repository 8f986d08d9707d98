import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { hasJoinedSince } from "../../gate/calls/joined-member.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import { findSignInAndKeys } from "../../gate/credentials/claim.store.ts";
import { addressEventEffects } from "../../gate/calls/address-event.change.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { invitationCard, mailCardOf } from "../invitations/invitation.card.ts";
import {
  findPendingInvitation,
  guardInvitation,
  insertInvitation,
  INVITATION_EMAIL_COLUMNS,
  updateInvitationToken,
} from "../invitations/invitation.store.ts";
import { type InvitingAccount, prepareInvitationMail } from "../invitations/invitation-mail.load.ts";
import { newInvitation } from "../invitations/new-invitation.change.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { rememberIdentifiers } from "../members/blocklist.store.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMember, MEMBER_EMAIL_COLUMNS, updateMember } from "../members/member.store.ts";
import { unlinkPerson } from "./sign-in-address.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** The member with another address on the card. */
export function withCardEmail({ now, principal }: Call, row: MemberRow, email: string): MemberRow {
  if (row.email === email) return row;
  const version = row.version + 1;
  return {
    ...row,
    email,
    emailBy: principal.memberId,
    emailVerifiedAt: null,
    emailChange: version,
    version,
    updatedAt: now,
  };
}

/**
 * Names the address that will sign in as a member who has no person yet. The address is invited, and the
 * person who accepts there becomes the member's person. The address on the card so far gets a mail about it.
 * The caller has checked the rights.
 * @throws Problem conflict/state, quota-exceeded
 */
export async function inviteSignInAddress(
  call: Call,
  permit: Permit,
  row: MemberRow,
  email: string,
  inviting: InvitingAccount,
): Promise<Answer> {
  const { db, now } = call;
  requireNoPerson(row);
  const after = withCardEmail(call, row, email);
  const [[pending]] = await call.read(findPendingInvitation(db, row.accountId, row.id));
  const { invitation, mails } = await prepareInvitationMail(
    call,
    after,
    pending ?? newInvitation(call, after),
    inviting,
  );
  const restarted = pending !== undefined && hasJoinedSince(row, pending) ? { createdAt: now } : {};
  const invited = { ...invitation, ...restarted, email };
  const securityMails =
    row.email === email ? [] : await loadSecurityMails(call, row.id, "sign_in_address_requested");
  const changes = diffFields(
    { sendCount: pending?.sendCount ?? 0, email: pending?.email ?? null },
    { sendCount: invited.sendCount, email },
  );
  return call.commit(
    {
      statements: [
        guardMember(db, row),
        ...(after === row ? [] : updateCardEmail(call, permit, row, after)),
        ...(pending === undefined
          ? [insertInvitation(db, permit, invited)]
          : [guardInvitation(db, pending), updateInvitationToken(db, permit, pending, invited)]),
      ],
      events: inBothLogs(call, row.accountId, [
        ...(after === row ? [] : [cardEmailEvent(call, row, after)]),
        call.event("invitation.send", { type: "invitation", id: invited.id }, { changes }),
      ]),
      mails: [...mails, ...securityMails],
      duplicateProblems: {
        [MEMBER_EMAIL_COLUMNS]: "conflict/duplicate-member",
        [INVITATION_EMAIL_COLUMNS]: "conflict/duplicate-invitation",
      },
    },
    { status: 200, body: { ...invitationCard(invited, now, row.roles), mail: mailCardOf(mails) } },
  );
}

/** @throws Problem conflict/state */
function requireNoPerson(row: MemberRow): void {
  if (row.userId !== null)
    throw new Problem("conflict/state", {
      detail: message("signIn.personSignsIn"),
    });
  if (row.status === "blocked")
    throw new Problem("conflict/state", { detail: message("members.unblockFirst") });
}

/** Writes the new address on the card, and remembers the old one. */
const updateCardEmail = (
  { db, now }: Call,
  permit: Permit,
  row: MemberRow,
  after: MemberRow,
): Statement[] => [
  rememberIdentifiers(db, row.accountId, row.id, [{ email: row.email, externalId: null }], now),
  updateMember(db, permit, after),
];

const cardEmailEvent = (call: Call, row: MemberRow, after: MemberRow): AuditEvent =>
  call.event(
    "member.edit",
    { type: "member", id: row.id },
    { changes: { before: { email: row.email }, after: { email: after.email } } },
  );

/**
 * Separates the person from the member: sessions and mailed claims end, keys stay. The member is then like
 * one who has no person yet. The caller has checked the rights.
 */
export async function unlinkSignInAddress(call: Call, row: MemberRow): Promise<Answer> {
  const { db, now } = call;
  const [[signInAndKeys]] = await call.read(findSignInAndKeys(db, row.id));
  if (row.userId === null || signInAndKeys === undefined || signInAndKeys.email === null)
    return { status: 204 };
  const { email, keys } = signInAndKeys;
  const event = call.event(
    "email.change",
    { type: "member", id: row.id },
    { changes: { before: { email }, after: { email: null } } },
  );
  const effects = addressEventEffects(db, "unlink", { id: row.id, accountId: row.accountId, keys }, event);
  const change: Change = {
    statements: [
      guardMember(db, row),
      ...effects.statements,
      unlinkPerson(db, row, now),
      rememberIdentifiers(db, row.accountId, row.id, [{ email, externalId: null }], now),
    ],
    events: inBothLogs(call, row.accountId, [event, ...effects.events]),
    mails: await loadSecurityMails(call, row.id, "sign_in_address_unlinked"),
  };
  return call.commit(change, { status: 204 });
}

/** In the log of the member's account, and in the log of the caller's account if that is another one. */
const inBothLogs = (call: Call, accountId: string, events: readonly AuditEvent[]): AuditEvent[] =>
  [...new Set([accountId, call.principal.accountId])].flatMap((logAccountId) =>
    events.map((event) => ({ ...event, id: newId("event", call.now), accountId: logAccountId })),
  );
