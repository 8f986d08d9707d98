import { z } from "zod";
import { memberRef } from "../access/decide.ts";
import { difference } from "../audit/difference.ts";
import { hasArrivedSince } from "../identity/arrival.ts";
import { type Call, type Endpoint, endpoint } from "../identity/call.ts";
import { requireAuthorityToStop, requirePower } from "../identity/refusal.change.ts";
import { email } from "../kernel/email.ts";
import { decodeCursor, listQuery, page, pageOf } from "../kernel/page.ts";
import { Problem } from "../kernel/problem.ts";
import type { InvitationRow } from "../schema/invitation.ts";
import { requireInviting } from "../team/member.change.ts";
import { guardMember } from "../team/member.store.ts";
import { permitInviting } from "./giving.change.ts";
import { InvitationCard, invitationCard, mailed, Mailed, STATUSES } from "./invitation.card.ts";
import {
  deleteMember,
  endInvitation,
  findInvitation,
  findInvited,
  guardInvitation,
  guardOwnsNothing,
  listInvitations,
  renewInvitation,
} from "./invitation.store.ts";
import { createInvitation, MadeInvitation, PreviewedInvitation } from "./invitation.change.ts";
import { sent } from "./invite.change.ts";
import { DryRun, WantedInvitation } from "./wanted.change.ts";

const create = endpoint(
  {
    method: "POST",
    path: "/v1/invitations",
    tag: "Invitations",
    right: "member.create",
    status: 201,
    preview: PreviewedInvitation,
    summary: "Invite somebody by mail: a new member with a way in that is sent at once.",
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
    call.decide("member.create");
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
    query: z.strictObject({ ...listQuery, status: z.enum(STATUSES).optional(), email: email.optional() }),
    answer: pageOf(InvitationCard),
  },
  async (call) => {
    call.decide("member.view");
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
      body: page(
        rows,
        limit,
        (row) => invitationCard(row, call.now, row.roles ?? []),
        (row) => row.id,
      ),
    };
  },
);

interface Loaded {
  readonly invitation: InvitationRow;
  readonly invited: Awaited<ReturnType<typeof findInvited>>[number] | undefined;
}

/** One invitation of whom the caller may see; every other one is not there. @throws Problem not-found */
async function load(call: Call): Promise<Loaded> {
  const [{ accountId }, id] = [call.principal, call.params["id"] ?? ""];
  const [[invitation], [invited]] = await call.read(
    findInvitation(call.db, accountId, "email", id),
    findInvited(call.db, accountId, id),
  );
  call.decide("member.view", memberRef(invitation?.memberId ?? ""), true);
  if (invitation === undefined) throw new Problem("not-found");
  return { invitation, invited };
}

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
    const { invitation, invited } = await load(call);
    return { status: 200, body: invitationCard(invitation, call.now, invited?.row.roles ?? []) };
  },
);

/**
 * One that waits, for a caller with this authority over its member. @throws Problem access/denied, not-found,
 * invitation/used, invitation/revoked
 */
async function loadWaiting(
  call: Call,
  require: typeof requirePower,
): Promise<{ invitation: InvitationRow; invited: NonNullable<Loaded["invited"]> }> {
  requireInviting(call);
  call.decide("member.create");
  const { invitation, invited } = await load(call);
  if (invited !== undefined) require(call.principal, { ...invited.row, ...invited });
  if (
    invitation.status === "accepted" ||
    (invitation.status === "pending" && invited !== undefined && hasArrivedSince(invited.row, invitation))
  )
    throw new Problem("invitation/used", { detail: "It was accepted: the member signs in, or is removed." });
  if (invitation.status === "revoked" || invited === undefined)
    throw new Problem("invitation/revoked", { detail: "It was taken back. Invite the address anew." });
  return { invitation, invited };
}

const resend = endpoint(
  {
    method: "POST",
    path: "/v1/invitations/:id/resend",
    tag: "Invitations",
    right: "member.create",
    status: 200,
    summary:
      "Send an invitation once more, to the address on the card: a new link, which ends the one before. Also when it has expired.",
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
    const { invitation: before, invited } = await loadWaiting(call, requirePower);
    const { row: member } = invited;
    if (member.status === "blocked")
      throw new Problem("conflict/state", { detail: "The member is blocked. Unblock them first." });
    const permit = permitInviting(call, invited);
    const { invitation, letters } = await sent(call, member, before);
    const after = { ...invitation, email: member.email };
    const changes = difference(
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
        letters,
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
    if (member.id === call.principal.account.ownerMemberId)
      throw new Problem("conflict/last-admin", {
        detail: "This member owns the account, and has to be able to come in.",
      });
    // Whoever has a key, or was blocked, is more than an invitation by now: they are removed as members are.
    const goes = member.status === "new" && member.acceptedAt === null;
    const changes = difference({ status: invitation.status }, { status: "revoked", email: member.email });
    const { db } = call;
    return call.commit(
      {
        statements: [
          guardInvitation(db, invitation),
          guardMember(db, member),
          ...(goes ? [guardOwnsNothing(db, member.accountId, member.id)] : []),
          endInvitation(db, invitation, {
            status: "revoked",
            revokedAt: call.now,
            updatedAt: call.now,
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
                  {
                    changes: {
                      before: { email: member.email, login: member.login, roles: member.roles },
                      after: {},
                    },
                  },
                ),
              ]
            : []),
        ],
        refusals: {
          has_dependents: new Problem("conflict/not-removable", {
            detail: "Objects belong to this member already. Give them to somebody else first.",
          }),
        },
      },
      { status: 204 },
    );
  },
);

export const invitationEndpoints: readonly Endpoint[] = [create, list, card, resend, revoke];
