import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Change, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { requireAuthorityToStop, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { decodeCursor, listQuery, toPage, pageSchema } from "../../kernel/http/page.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import { requireInviting } from "../members/member.change.ts";
import type { MemberRow } from "../members/member.card.ts";
import { guardMember } from "../members/member.store.ts";
import { permitInviting } from "./giving.change.ts";
import { InvitationCard, invitationCard, mailed, Mailed, STATUSES } from "./invitation.card.ts";
import {
  deleteMember,
  endInvitation,
  guardInvitation,
  guardOwnsNothing,
  listInvitations,
  renewInvitation,
} from "./invitation.store.ts";
import { createInvitation, MadeInvitation, PreviewedInvitation } from "./invitation.change.ts";
import { sent } from "./invitation-mail.change.ts";
import { loadInvitation, loadWaiting } from "./loaded-invitation.change.ts";
import { DryRun, WantedInvitation } from "./wanted.change.ts";

const create = endpoint(
  {
    method: "POST",
    path: "/v1/invitations",
    tag: "Invitations",
    right: "member.create",
    status: 201,
    preview: PreviewedInvitation,
    summary: "Invite a person by mail: a new member with a way in that is sent at once.",
    body: WantedInvitation.extend({ dryRun: DryRun }),
    answer: MadeInvitation,
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
    requireInviting(call);
    call.requireRight("member.create");
    const { dryRun, ...asked } = await call.body();
    return createInvitation(call, asked, { dryRun });
  },
);

const list = endpoint(
  {
    method: "GET",
    path: "/v1/invitations",
    tag: "Invitations",
    right: "member.view",
    status: 200,
    summary: "The invitations of the account, newest first.",
    query: z.strictObject({
      ...listQuery,
      status: z.enum(STATUSES).optional(),
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
    tag: "Invitations",
    right: "member.create",
    status: 200,
    summary:
      "Send an invitation once more, to the address on the card: a new link, which ends the one before. " +
      "Also when it has expired.",
    answer: InvitationCard.extend({ mail: Mailed }),
    problems: [
      "invitation/used",
      "invitation/revoked",
      "conflict/state",
      "plan/feature-required",
      "quota-exceeded",
    ],
  },
  async (call) => {
    const { invitation: before, invited } = await loadWaiting(call, requireAuthorityOver);
    const { row: member } = invited;
    if (member.status === "blocked")
      throw new Problem("conflict/state", { detail: "The member is blocked. Unblock them first." });
    const permit = permitInviting(call, invited);
    const { invitation, letters } = await sent(call, member, before);
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
          renewInvitation(call.db, permit, after, after),
        ],
        events: [call.event("invitation.send", { type: "invitation", id: after.id }, { changes })],
        mails: letters,
      },
      { status: 200, body: { ...invitationCard(after, call.now, member.roles), mail: mailed(letters) } },
    );
  },
);

const revoke = endpoint(
  {
    method: "DELETE",
    path: "/v1/invitations/:id",
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
    } = await loadWaiting(call, requireAuthorityToStop);
    if (member.id === call.principal.targetAccount.ownerMemberId)
      throw new Problem("conflict/last-admin", {
        detail: "This member owns the account, and has to be able to come in.",
      });
    return call.commit(revocation(call, invitation, member), { status: 204 });
  },
);

/** Ends an invitation. A member who never came goes with it. */
function revocation(call: Call, invitation: InvitationRow, member: MemberRow): Change {
  const { db, now } = call;
  // A member who has a key, or was blocked, is more than an invitation by now. They are removed as a member.
  const goes = member.status === "new" && member.acceptedAt === null;
  const changes = diffFields({ status: invitation.status }, { status: "revoked", email: member.email });
  const gone = { email: member.email, login: member.login, roles: member.roles };
  return {
    statements: [
      guardInvitation(db, invitation),
      guardMember(db, member),
      ...(goes ? [guardOwnsNothing(db, member.accountId, member.id)] : []),
      endInvitation(db, invitation, {
        status: "revoked",
        revokedAt: now,
        updatedAt: now,
        ...(goes ? { memberId: null } : {}),
      }),
      ...(goes ? [deleteMember(db, member.accountId, member.id)] : []),
    ],
    events: [
      call.event("invitation.revoke", { type: "invitation", id: invitation.id }, { changes }),
      ...(goes
        ? [
            call.event(
              "member.delete",
              { type: "member", id: member.id },
              { changes: { before: gone, after: {} } },
            ),
          ]
        : []),
    ],
    guardProblems: {
      has_dependents: new Problem("conflict/not-removable", {
        detail: "Objects belong to this member already. Give them to another member first.",
      }),
    },
  };
}

export const invitationEndpoints: readonly Endpoint[] = [create, list, card, resend, revoke];
