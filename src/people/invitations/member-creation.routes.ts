import { z } from "zod";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { MemberCard } from "../members/member.card.ts";
import { requireInviting } from "../members/member.change.ts";
import { Mailed } from "./invitation.card.ts";
import { invite } from "./invite.change.ts";
import { DryRun, WantedMember, wantedOf } from "./wanted.change.ts";

const Body = WantedMember.extend({
  notify: z
    .boolean()
    .default(false)
    .describe(
      "Send the invitation by mail. Without it, the member signs in with the address on the card, " +
        "or an invitation is sent later.",
    ),
  dryRun: DryRun,
});

const Made = MemberCard.extend({
  invitationId: z.string().describe("What the member joins by; POST /v1/invitations/{id}/resend mails it."),
  mail: Mailed,
  dryRun: z.literal(false),
});
/** Nothing is made, so nothing has an id. */
const Preview = z.object({
  dryRun: z.literal(true),
  ...MemberCard.shape,
  id: z.null(),
  invitationId: z.null(),
  mail: Mailed,
});

const create = endpoint(
  {
    method: "POST",
    path: "/v1/members",
    tag: "Members",
    right: "member.create",
    status: 201,
    preview: Preview,
    summary: "Add a member, new until the first sign-in.",
    body: Body,
    answer: Made,
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
    requireInviting(call);
    call.requireRight("member.create");
    const { notify, dryRun, ...asked } = await call.body();
    const wanted = await wantedOf(call, asked);
    const { row, invitation, mail, card, change } = await invite(call, wanted, {
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
