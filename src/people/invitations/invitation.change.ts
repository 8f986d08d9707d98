import { z } from "zod";
import type { Call } from "../../gate/calls/call.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { MemberCard } from "../members/member.card.ts";
import { InvitationCard, invitationCard, Mailed } from "./invitation.card.ts";
import { invite } from "./invite.change.ts";
import { type WantedInvitation, wantedOf } from "./wanted.change.ts";

export const MadeInvitation = InvitationCard.extend({
  member: MemberCard,
  mail: Mailed,
  dryRun: z.literal(false),
});
/** Nothing is made, so nothing has an id. */
export const PreviewedInvitation = z.object({
  dryRun: z.literal(true),
  ...InvitationCard.shape,
  id: z.null(),
  memberId: z.null(),
  member: MemberCard.extend({ id: z.null() }),
  mail: Mailed,
});

/** How an invitation is made: only shown (`dryRun`), or as one of many in a call (`part`). */
interface Making {
  readonly dryRun: boolean;
  readonly part?: string;
}

/** Invites by mail. @throws Problem as `invite` does */
export async function createInvitation(
  call: Call,
  asked: z.infer<typeof WantedInvitation>,
  { dryRun, part }: Making,
): Promise<Answer> {
  const wanted = await wantedOf(call, asked);
  const { invitation, card, mail, change } = await invite(call, wanted, {
    send: true,
    hookId: null,
    mayBeEmpty: false,
  });
  const shown = invitationCard(invitation, call.now, card.roles);
  if (dryRun)
    return {
      status: 200,
      body: { dryRun, ...shown, id: null, memberId: null, member: { ...card, id: null }, mail },
    };
  const { generated, ...rest } = change;
  return call.commit(
    {
      ...rest,
      ...(generated === undefined ? {} : { generated: { ...generated, within: "member" } }),
      ...(part === undefined ? {} : { subKey: part }),
    },
    { status: 201, body: { ...shown, member: card, mail, dryRun } },
  );
}
