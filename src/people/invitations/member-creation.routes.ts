import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { MemberCard } from "../members/member.card.ts";
import { requireInvitingAllowed } from "../members/member.load.ts";
import { MemberDraft, MailCard } from "./invitation.card.ts";
import { prepareInvite } from "./invite.change.ts";
import { DryRun, NewMemberBody, loadNewMemberInput } from "./new-member-body.load.ts";

const Body = NewMemberBody.extend({
  notify: z
    .boolean()
    .default(false)
    .describe(
      "Send the invitation by mail. Without it, the member signs in with the address on the card, " +
        "or an invitation is sent later.",
    ),
  dryRun: DryRun,
}).meta({ id: "NewMember" });

const CreatedMember = MemberCard.extend({
  invitationId: z.string().describe("What the member joins by; POST /v1/invitations/{id}/resend mails it."),
  mail: MailCard,
  dryRun: z.literal(false),
}).meta({ id: "CreatedMember", extends: "Member" });
/** Nothing is made, so nothing has an id. */
const MemberPreview = MemberDraft.extend({
  dryRun: z.literal(true),
  invitationId: z.null(),
  mail: MailCard,
}).meta({ id: "MemberPreview", extends: "MemberDraft" });

const create = endpoint(
  {
    method: "POST",
    path: "/v1/members",
    operationId: "createMember",
    tag: "Members",
    right: "member.create",
    status: 201,
    preview: MemberPreview,
    summary: "Add a member, new until the first sign-in.",
    body: Body,
    answer: CreatedMember,
    idempotency: "optional",
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
    const { notify, dryRun, ...newMember } = await call.body();
    const input = await loadNewMemberInput(call, newMember);
    const { row, invitation, mail, card, change } = await prepareInvite(call, input, {
      send: notify,
      hookId: null,
      mayBeEmpty: true,
    });
    if (dryRun) return { status: 200, body: { dryRun, ...card, id: null, invitationId: null, mail } };
    return call.commit(change, {
      status: 201,
      body: { ...card, invitationId: invitation.id, mail, dryRun },
      headers: { ETag: versionEtag(row.version), Location: `/v1/members/${row.id}` },
    });
  },
);

export const memberCreationEndpoints: readonly Endpoint[] = [create];
