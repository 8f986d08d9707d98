import { actorLogin, type AuditEvent } from "../../audit/chain/event.ts";
import type { OpenCall } from "../../gate/calls/call.ts";
import { addressEventEffects } from "../../gate/calls/address-event.change.ts";
import type { Statement } from "../../kernel/db.ts";
import { newId } from "../../kernel/id.ts";
import type { JoinedBy, MailMessage } from "../../channels/mail/mail-message.ts";
import { confirmedAddress, isNoticeWanted, type MemberAddresses } from "../../channels/mail/notice.ts";
import { usernameAfter } from "../members/person-name.ts";
import {
  type ValidInvitation,
  acceptanceStatements,
  type MemberNames,
  type PendingInvitation,
} from "./acceptance.store.ts";

/** What one acceptance writes. The person's id is known in the batch only: `userIdOf` of the address. */
export interface Acceptance {
  /** The guard `invitation_changed` first. `MEMBER_USER_COLUMNS` may fail, too. */
  readonly statements: readonly Statement[];
  readonly events: readonly AuditEvent[];
  readonly mails: readonly MailMessage[];
}

export type AcceptanceContext = Pick<OpenCall, "db" | "env" | "now" | "origin">;

/** The names that a person gives at the acceptance; null where they give none. */
export interface GivenNames {
  readonly firstName: string | null;
  readonly lastName: string | null;
}

export const NO_NAMES: GivenNames = { firstName: null, lastName: null };

/** Names that the invitation left out are taken from the person who accepts; others stay. */
function namesAfterAcceptance(member: ValidInvitation["member"], givenNames: GivenNames): MemberNames {
  const after = {
    ...member,
    firstName: member.firstName || (givenNames.firstName ?? ""),
    lastName: member.lastName || (givenNames.lastName ?? ""),
  };
  return { firstName: after.firstName, lastName: after.lastName, username: usernameAfter(member, after) };
}

const changedNames = (before: MemberNames, after: MemberNames): Partial<MemberNames> =>
  Object.fromEntries(
    (["firstName", "lastName", "username"] as const)
      .filter((name) => after[name] !== before[name])
      .map((name) => [name, after[name]]),
  );

/** A member who accepts stays new until the first sign-in. */
export function prepareAcceptance(
  call: AcceptanceContext,
  waiting: ValidInvitation,
  givenNames: GivenNames = NO_NAMES,
): Acceptance {
  const { invitation, member, account, inviter } = waiting;
  const names = namesAfterAcceptance(member, givenNames);
  const { db, now } = call;
  const person = {
    id: newId("user", now),
    email: member.email,
    emailVerifiedAt: now,
    locale: member.language ?? account.settings.locale ?? "en",
    createdAt: now,
  };
  const after = { status: "accepted", memberId: member.id, ...changedNames(member, names) };
  const acceptedEvent = {
    ...acceptEvent(call, waiting),
    changes: { before: { status: invitation.status }, after },
  };
  const effects = addressEventEffects(
    db,
    "accept",
    { id: member.id, accountId: invitation.accountId, keys: waiting.keys },
    acceptedEvent,
  );
  return {
    statements: [...acceptanceStatements(db, waiting, person, names, now), ...effects.statements],
    events: [acceptedEvent, ...effects.events],
    mails: joinedMails(
      call,
      { account, inviter: inviter && { ...inviter, memberId: inviter.id } },
      { ...member, ...names },
    ),
  };
}

/** The member who invited, or made the link, hears of it, if they want to. */
export function joinedMails(
  { now }: Pick<AcceptanceContext, "now">,
  { account, inviter }: { readonly account: NamedAccount; readonly inviter: Inviter | null },
  joinedMember: { readonly username: string; readonly email: string },
  joinedBy: JoinedBy = "invitation",
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
          by: joinedBy,
          memberId: inviter.memberId,
          account: account.name,
          name: joinedMember.username,
          email: joinedMember.email,
        },
      ];
}

/** The member who hears of it. */
interface Inviter
  extends MemberAddresses,
    Pick<NonNullable<PendingInvitation["inviter"]>, "status" | "language" | "notifications"> {
  readonly memberId: string;
}

type NamedAccount = Pick<PendingInvitation["account"], "name" | "settings">;

export const acceptEvent = (
  call: AcceptanceContext,
  { invitation, member }: ValidInvitation,
): AuditEvent => ({
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
