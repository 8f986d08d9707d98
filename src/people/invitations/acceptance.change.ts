import { actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { addressEventEffects } from "../../gate/calls/address-event.change.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { JoinedBy, MailMessage } from "../../channels/mail/mail-message.ts";
import { confirmedAddress, isNoticeWanted, type MemberAddresses } from "../../channels/mail/notice.ts";
import { usernameAfter } from "../members/person-name.ts";
import { type Acceptable, acceptInvitation, type Names, type Waiting } from "./acceptance.store.ts";

/** What one acceptance writes. The person's id is known in the batch only: `userIdOf` of the address. */
export interface Acceptance {
  /** The guard `invitation_changed` first. `MEMBER_USER` may fail, too. */
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  readonly letters: readonly MailMessage[];
}

export type Asked = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** The names that a person gives at the acceptance; null where they give none. */
export interface ToldNames {
  readonly firstName: string | null;
  readonly lastName: string | null;
}

export const NO_NAMES: ToldNames = { firstName: null, lastName: null };

/** Names that the invitation left out are taken from the person who accepts; others stay. */
function namesAfter(member: Acceptable["member"], told: ToldNames): Names {
  const after = {
    ...member,
    firstName: member.firstName || (told.firstName ?? ""),
    lastName: member.lastName || (told.lastName ?? ""),
  };
  return { firstName: after.firstName, lastName: after.lastName, username: usernameAfter(member, after) };
}

const changedNames = (before: Names, after: Names): Partial<Names> =>
  Object.fromEntries(
    (["firstName", "lastName", "username"] as const)
      .filter((name) => after[name] !== before[name])
      .map((name) => [name, after[name]]),
  );

/** A member who accepts stays new until the first sign-in. */
export function acceptance(call: Asked, waiting: Acceptable, told: ToldNames = NO_NAMES): Acceptance {
  const { invitation, member, account, inviter } = waiting;
  const names = namesAfter(member, told);
  const { db, now } = call;
  const person = {
    id: newId("user", now),
    email: member.email,
    emailVerifiedAt: now,
    locale: member.language ?? account.settings.locale ?? "en",
    createdAt: now,
  };
  const after = { status: "accepted", memberId: member.id, ...changedNames(member, names) };
  const accepted = {
    ...acceptEvent(call, waiting),
    changes: { before: { status: invitation.status }, after },
  };
  const effects = addressEventEffects(
    db,
    "accept",
    { id: member.id, accountId: invitation.accountId, keys: waiting.keys },
    accepted,
  );
  return {
    statements: [...acceptInvitation(db, waiting, person, names, now), ...effects.statements],
    events: [accepted, ...effects.events],
    letters: joinedLetters(
      call,
      { account, inviter: inviter && { ...inviter, memberId: inviter.id } },
      { ...member, ...names },
    ),
  };
}

/** The member who invited, or made the link, hears of it, if they want to. */
export function joinedLetters(
  { now }: Pick<Asked, "now">,
  { account, inviter }: { readonly account: NamedAccount; readonly inviter: Inviter | null },
  who: { readonly username: string; readonly email: string },
  by: JoinedBy = "invitation",
): MailMessage[] {
  if (inviter === null || inviter.status !== "active" || !isNoticeWanted(inviter.notifications, "joined"))
    return [];
  const to = confirmedAddress(inviter);
  return to === null
    ? []
    : [
        {
          id: newId("mail", now),
          to,
          language: inviter.language ?? account.settings.locale ?? "en",
          template: "joined",
          by,
          memberId: inviter.memberId,
          account: account.name,
          name: who.username,
          email: who.email,
        },
      ];
}

/** The member who hears of it. */
interface Inviter
  extends MemberAddresses,
    Pick<NonNullable<Waiting["inviter"]>, "status" | "language" | "notifications"> {
  readonly memberId: string;
}

type NamedAccount = Pick<Waiting["account"], "name" | "settings">;

export const acceptEvent = (call: Asked, { invitation, member }: Acceptable): AuditEvent => ({
  id: newId("event", call.now),
  accountId: invitation.accountId,
  at: call.now,
  actor: {
    type: "member",
    memberId: member.id,
    accountId: invitation.accountId,
    login: actorLogin(member),
    email: member.email,
    apiKeyId: null,
  },
  action: "invitation.accept",
  resource: { type: "invitation", id: invitation.id },
  outcome: "success",
  reason: null,
  cost: null,
  origin: call.origin,
  changes: null,
  ledgerSeq: null,
});
