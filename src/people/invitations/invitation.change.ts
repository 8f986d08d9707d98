import { z } from "zod";
import type { Call } from "../../gate/calls/call.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { MemberCard } from "../members/member.card.ts";
import { MemberDraft, InvitationCard, invitationCard, MailCard } from "./invitation.card.ts";
import { prepareInvite } from "./invite.change.ts";
import { type NewInvitationBody, loadNewMemberInput } from "./new-member-body.load.ts";

export const CreatedInvitation = InvitationCard.extend({
  member: MemberCard,
  mail: MailCard,
  dryRun: z.literal(false),
}).meta({ id: "CreatedInvitation", extends: "Invitation" });
/** Nothing is made, so nothing has an id. */
export const InvitationPreview = z
  .object({
    dryRun: z.literal(true),
    ...InvitationCard.shape,
    id: z.null(),
    memberId: z.null(),
    member: MemberDraft,
    mail: MailCard,
  })
  .meta({ id: "InvitationPreview" });

/** How an invitation is made: only shown (`dryRun`), or as one of many in a call (`part`). */
interface CreationOptions {
  readonly dryRun: boolean;
  readonly part?: string;
}

/** Invites by mail. @throws Problem as `prepareInvite` does */
export async function createInvitation(
  call: Call,
  body: z.infer<typeof NewInvitationBody>,
  { dryRun, part }: CreationOptions,
): Promise<Answer> {
  const input = await loadNewMemberInput(call, body);
  const { invitation, card, mail, change } = await prepareInvite(call, input, {
    send: true,
    hookId: null,
    mayBeEmpty: false,
  });
  const invitationBody = invitationCard(invitation, call.now, card.roles);
  if (dryRun)
    return {
      status: 200,
      body: { dryRun, ...invitationBody, id: null, memberId: null, member: { ...card, id: null }, mail },
    };
  const { generated, ...rest } = change;
  return call.commit(
    {
      ...rest,
      ...(generated === undefined ? {} : { generated: { ...generated, within: "member" } }),
      ...(part === undefined ? {} : { subKey: part }),
    },
    { status: 201, body: { ...invitationBody, member: card, mail, dryRun } },
  );
}
