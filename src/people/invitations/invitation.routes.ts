import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Change, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requireAuthorityToStop, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMember } from "../members/member.store.ts";
import { permitReinvite } from "./reinvite.load.ts";
import {
  InvitationCard,
  invitationCard,
  mailCardOf,
  MailCard,
  SHOWN_INVITATION_STATUSES,
} from "./invitation.card.ts";
import {
  deleteMember,
  endInvitation,
  guardInvitation,
  guardOwnsNothing,
  listInvitations,
  updateInvitationToken,
} from "./invitation.store.ts";
import { createInvitation, CreatedInvitation, InvitationPreview } from "./invitation.change.ts";
import { prepareInvitationMail } from "./invitation-mail.load.ts";
import { loadInvitation, loadPendingInvitation } from "./invitation.load.ts";
import { DryRun, NewInvitationBody } from "./new-member-body.load.ts";
import { message } from "../../kernel/messages/message.ts";

const create = endpoint(
  {
    method: "POST",
    path: "/v1/invitations",
    operationId: "createInvitation",
    tag: "Invitations",
    right: "member.create",
    status: 201,
    preview: InvitationPreview,
    summary: "Invite a person by mail: a new member with a way in that is sent at once.",
    body: NewInvitationBody.extend({ dryRun: DryRun }).meta({ id: "NewInvitation" }),
    answer: CreatedInvitation,
    idempotency: "required",
    problems: [
      "conflict/duplicate-member",
      "conflict/duplicate-invitation",
      "conflict/member-limit",
      "plan/feature-required",
      "quota-exceeded",
    ],
  },
  async (call) => {
    await call.read();
    requireInvitingAllowed(call);
    call.requireRight("member.create");
    const { dryRun, ...asked } = await call.body();
    return createInvitation(call, asked, { dryRun });
  },
);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/invitations",
    operationId: "listInvitations",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The invitations of the account, newest first.",
    query: z.strictObject({
      ...listQuery,
      status: z.enum(SHOWN_INVITATION_STATUSES).optional(),
      email: emailAddress.optional(),
    }),
    answer: pageSchema(InvitationCard),
  },
  async (call) => {
    call.requireRight("member.view");
    const { limit, cursor, ...filter } = call.query();
    const [rows] = await call.read(
      listInvitations(
        call.db,
        call.principal.accountId,
        { kind: "email", ...filter },
        call.now,
        decodeCursor(cursor, z.string()),
        limit + 1,
      ),
    );
    return {
      status: 200,
      body: toPage(
        rows,
        limit,
        (row) => invitationCard(row, call.now, row.roles ?? []),
        (row) => row.id,
      ),
    };
  },
);

const card = endpoint(
  {
    method: "GET",
    path: "/v1/invitations/:id",
    operationId: "getInvitation",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The card of an invitation.",
    answer: InvitationCard,
  },
  async (call) => {
    const { invitation, invited } = await loadInvitation(call);
    return { status: 200, body: invitationCard(invitation, call.now, invited?.row.roles ?? []) };
  },
);

const resend = endpoint(
  {
    method: "POST",
    path: "/v1/invitations/:id/resend",
    operationId: "resendInvitation",
    tag: "Invitations",
    right: "member.create",
    status: 200,
    summary:
      "Send an invitation once more, to the address on the card: a new link, which ends the one before. " +
      "Also when it has expired.",
    answer: InvitationCard.extend({ mail: MailCard }).meta({ id: "SentInvitation", extends: "Invitation" }),
    problems: [
      "invitation/used",
      "invitation/revoked",
      "conflict/state",
      "plan/feature-required",
      "quota-exceeded",
    ],
  },
  async (call) => {
    const { invitation: before, invited } = await loadPendingInvitation(call, requireAuthorityOver);
    const { row: member } = invited;
    if (member.status === "blocked")
      throw new Problem("conflict/state", { detail: message("members.unblockFirst") });
    const permit = permitReinvite(call, invited);
    const { invitation, mails } = await prepareInvitationMail(call, member, before);
    const after = { ...invitation, email: member.email };
    const changes = diffFields(
      { sendCount: before.sendCount, email: before.email },
      { sendCount: after.sendCount, email: after.email },
    );
    return call.commit(
      {
        statements: [
          guardInvitation(call.db, before),
          guardMember(call.db, member),
          updateInvitationToken(call.db, permit, after, after),
        ],
        events: [call.event("invitation.send", { type: "invitation", id: after.id }, { changes })],
        mails,
      },
      { status: 200, body: { ...invitationCard(after, call.now, member.roles), mail: mailCardOf(mails) } },
    );
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/invitations/:id",
    operationId: "revokeInvitation",
    tag: "Invitations",
    right: "member.create",
    status: 204,
    summary: "Take an invitation back: its link ends, and so does a member who never came.",
    problems: ["invitation/used", "invitation/revoked", "conflict/last-admin", "conflict/not-removable"],
  },
  async (call) => {
    const {
      invitation,
      invited: { row: member },
    } = await loadPendingInvitation(call, requireAuthorityToStop);
    if (member.id === call.principal.targetAccount.ownerMemberId)
      throw new Problem("conflict/last-admin", {
        detail: message("invitations.ownerMustComeIn"),
      });
    return call.commit(prepareRevocation(call, invitation, member), { status: 204 });
  },
);

/** Ends an invitation. A member who never came goes with it. */
function prepareRevocation(call: Call, invitation: InvitationRow, member: MemberRow): Change {
  const { db, now } = call;
  // A member who has a key, or was blocked, is more than an invitation by now. They are removed as a member.
  const removesMember = member.status === "new" && member.acceptedAt === null;
  const changes = diffFields({ status: invitation.status }, { status: "revoked", email: member.email });
  const removedMember = { email: member.email, login: member.login, roles: member.roles };
  return {
    statements: [
      guardInvitation(db, invitation),
      guardMember(db, member),
      ...(removesMember ? [guardOwnsNothing(db, member.accountId, member.id)] : []),
      endInvitation(db, invitation, {
        status: "revoked",
        revokedAt: now,
        updatedAt: now,
        ...(removesMember ? { memberId: null } : {}),
      }),
      ...(removesMember ? [deleteMember(db, member.accountId, member.id)] : []),
    ],
    events: [
      call.event("invitation.revoke", { type: "invitation", id: invitation.id }, { changes }),
      ...(removesMember
        ? [
            call.event(
              "member.delete",
              { type: "member", id: member.id },
              { changes: { before: removedMember, after: {} } },
            ),
          ]
        : []),
    ],
    guardProblems: {
      has_dependents: new Problem("conflict/not-removable", {
        detail: message("invitations.ownsObjects"),
      }),
    },
  };
}

export const invitationEndpoints: readonly Endpoint[] = [create, list, card, resend, revoke];
