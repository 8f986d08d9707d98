import { pluralEn } from "../plural.ts";

export const INVITATIONS = {
  noToken: "No invitation has this token. A newer mail may have another one.",
  nameAddress: "The member calls with an API key, and names the address for sign-in: POST /v1/me/email.",
  acceptedAlready: "This invitation was accepted already. Sign in with its address.",
  expired: "This invitation has expired. Ask the person who invited you to send it again.",
  senderLostRights:
    "The sender of this invitation no longer has the rights that it " +
    "would give. Ask another member to send it again.",
  domainNotAllowed: "The account does not invite this address any more: its settings name other domains.",
  acceptElsewhere: "Accept it from an IP address that is allowed for the account and the member.",
  memberAlready: "You are a member of this account already, under another address on the card.",
  sentJustNow: "It was sent a moment ago. An invitation is sent once a minute at most.",
  ownerMustComeIn: "This member owns the account, and must be able to sign in.",
  ownsObjects: "Objects belong to this member already. Give them to another member first.",
  domains: ({ domains }: { domains: readonly string[] }) =>
    `must be an address at ${domains.join(", ")}: the account's settings say so`,
  roleNeeded: "must name a role, unless the invitation gives a right or a grant",
  linkEnded: "This link is no longer valid. Make another one.",
  linkKeyGone: "The signing key of this link was removed, so it cannot be shown again. Make another one.",
  linkEndedAlready: "The link was ended already.",
  accepted: "The invitation was accepted. The member can sign in; to end that, block or remove the member.",
  takenBack: "The invitation was taken back. Invite the address again.",
  linkInModel:
    "goes with a link only where roles have no access until it is granted, and this " +
    "account's model has no such role. Invite by mail: POST /v1/invitations",
  linkRoles: ({ roles }: { roles: readonly string[] }) =>
    `must be one of ${roles.join(", ")}: a link gives no access by itself`,
  linkExpiry: ({ days }: { days: number }) =>
    `must be in the future, and within ${days} ${pluralEn(days, "day", "days")}`,
  agenciesOnly: "is for agencies only",
  grantsMax: ({ max }: { max: number }) =>
    `must leave the member with at most ${max} ${pluralEn(max, "grant", "grants")}`,
  sameAsRoles: "says the same as roles: send one of them",
  roleInstead: ({ role }: { role: string }) => `is for agencies only; name a role here, such as ${role}`,
  accountTypes: ({ types }: { types: readonly string[] }) => `must be one of ${types.join(", ")}`,
  invitationToken: "must be the token of an invitation",
  linkToken: "must be the token of an operator link",
  noLink: "No link has this token.",
  linkStopped: "This link was ended. Ask the person who gave it to you for another.",
  linkSpent: "This link was used as often as is allowed. Ask the person who gave it to you for another.",
  joinElsewhere: "Join from an IP address that is allowed for the account.",
  joinsToday: "As many people as is allowed joined by this link today. Try again tomorrow.",
  membersAddress: "This address is a member's already. Sign in, or accept the invitation that was sent.",
  formerMember: "A former member cannot come back by a link. Ask a member who may add members to invite you.",
};
