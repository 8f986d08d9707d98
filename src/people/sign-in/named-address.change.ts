import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { hasJoinedSince } from "../../gate/calls/joined-member.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import { findSignInAndKeys } from "../../gate/credentials/claim.store.ts";
import { addressEventEffects } from "../../gate/calls/address-event.change.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { invitationCard, mailed } from "../invitations/invitation.card.ts";
import {
  findWaiting,
  guardInvitation,
  insertInvitation,
  INVITATION_PENDING,
  renewInvitation,
} from "../invitations/invitation.store.ts";
import { type Inviting, sent } from "../invitations/invitation-mail.change.ts";
import { newInvitation } from "../invitations/new-invitation.change.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { rememberNames } from "../members/former.store.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMember, MEMBER_EMAIL, updateMember } from "../members/member.store.ts";
import { unlinkPerson } from "./address.store.ts";

/** The member with another address on the card. */
export function withAddress({ now, principal }: Call, row: MemberRow, email: string): MemberRow {
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
export async function nameAddress(
  call: Call,
  permit: Permit,
  row: MemberRow,
  email: string,
  place: Inviting,
): Promise<Answer> {
  const { db, now } = call;
  if (row.userId !== null)
    throw new Problem("conflict/state", {
      detail: "A person signs in as this member, and changes the address in a session. Else unlink it first.",
    });
  if (row.status === "blocked")
    throw new Problem("conflict/state", { detail: "The member is blocked. Unblock them first." });
  const after = withAddress(call, row, email);
  const [[waiting]] = await call.read(findWaiting(db, row.accountId, row.id));
  const { invitation, letters } = await sent(call, after, waiting ?? newInvitation(call, after), place);
  const late = waiting !== undefined && hasJoinedSince(row, waiting) ? { createdAt: now } : {};
  const moved = { ...invitation, ...late, email };
  const told = row.email === email ? [] : await loadSecurityMails(call, row.id, "sign_in_address_requested");
  const changes = diffFields(
    { sendCount: waiting?.sendCount ?? 0, email: waiting?.email ?? null },
    { sendCount: moved.sendCount, email },
  );
  return call.commit(
    {
      statements: [
        guardMember(db, row),
        ...(after === row ? [] : moveCard(call, permit, row, after)),
        ...(waiting === undefined
          ? [insertInvitation(db, permit, moved)]
          : [guardInvitation(db, waiting), renewInvitation(db, permit, waiting, moved)]),
      ],
      events: inBoth(call, row.accountId, [
        ...(after === row ? [] : [cardEvent(call, row, after)]),
        call.event("invitation.send", { type: "invitation", id: moved.id }, { changes }),
      ]),
      mails: [...letters, ...told],
      duplicateProblems: {
        [MEMBER_EMAIL]: "conflict/duplicate-member",
        [INVITATION_PENDING]: "conflict/duplicate-invitation",
      },
    },
    { status: 200, body: { ...invitationCard(moved, now, row.roles), mail: mailed(letters) } },
  );
}

/** Writes the new address on the card, and remembers the old one. */
const moveCard = ({ db, now }: Call, permit: Permit, row: MemberRow, after: MemberRow): Statement[] => [
  rememberNames(db, row.accountId, row.id, [{ email: row.email, externalId: null }], now),
  updateMember(db, permit, after),
];

const cardEvent = (call: Call, row: MemberRow, after: MemberRow): AuditEvent =>
  call.event(
    "member.edit",
    { type: "member", id: row.id },
    { changes: { before: { email: row.email }, after: { email: after.email } } },
  );

/**
 * Separates the person from the member: sessions and mailed claims end, keys stay. The member is then like
 * one who has no person yet. The caller has checked the rights.
 */
export async function unlinkAddress(call: Call, row: MemberRow): Promise<Answer> {
  const { db, now } = call;
  const [[standing]] = await call.read(findSignInAndKeys(db, row.id));
  if (row.userId === null || standing === undefined || standing.email === null) return { status: 204 };
  const { email, keys } = standing;
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
      rememberNames(db, row.accountId, row.id, [{ email, externalId: null }], now),
    ],
    events: inBoth(call, row.accountId, [event, ...effects.events]),
    mails: await loadSecurityMails(call, row.id, "sign_in_address_unlinked"),
  };
  return call.commit(change, { status: 204 });
}

/** In the log of the member's account, and in the log of the caller's account if that is another one. */
const inBoth = (call: Call, accountId: string, events: readonly AuditEvent[]): AuditEvent[] =>
  [...new Set([accountId, call.principal.accountId])].flatMap((chain) =>
    events.map((event) => ({ ...event, id: newId("event", call.now), accountId: chain })),
  );
