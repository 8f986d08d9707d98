import type { JoinedBy, SecurityKind } from "./mail-message.ts";
import { type MailLanguage, formatMoment, type MailWriter } from "./messages.ts";

const until = (at: number): string => formatMoment("en-GB", at);

const invitation: MailWriter<"invitation"> = (letter) => ({
  subject: `${letter.inviter} invites you to ${letter.account}`,
  greeting: "Hello,",
  lines: [
    `${letter.inviter} invites you to join ${letter.account} on Tollgate.`,
    "The link below accepts the invitation. " +
      "Afterwards you sign in with this e-mail address; there is no password to remember.",
  ],
  facts: [
    ["Account", letter.account],
    ["Invited by", letter.inviter],
    [
      "Your role",
      letter.roles.length === 0
        ? "None yet. You can sign in, and you see more when you get access."
        : letter.roles.join(", "),
    ],
    ...(letter.login === null ? [] : [["Your login number", letter.login] as const]),
    ["Good until", until(letter.expiresAt)],
  ],
  action: "Accept the invitation",
  after: [
    "The link works once and for this address only. Please do not pass it on.",
    "If you did not expect this invitation, you need do nothing: you join only by the link.",
  ],
});

const signIn: MailWriter<"sign_in"> = (letter) => ({
  subject: "Your sign-in code for Tollgate",
  greeting: "Hello,",
  lines: [
    "We received a request, most likely from you, to sign in to Tollgate with this address. " +
      "Enter the code where you were asked for it, or use the link.",
  ],
  facts: [["Good until", until(letter.expiresAt)]],
  action: "Sign in",
  after: [
    "Code and link work once. Tollgate staff will never ask you for them.",
    "If it was not you, you need do nothing: a sign-in is not possible without this mail.",
  ],
});

const join: MailWriter<"join"> = (letter) => ({
  subject: `Your code to join ${letter.account}`,
  greeting: "Hello,",
  lines: [
    `We received a request, most likely from you, to join ${letter.account} on Tollgate with this address, ` +
      "by a link of that account. Enter the code where you were asked for it.",
  ],
  facts: [
    ["Account", letter.account],
    ["Good until", until(letter.expiresAt)],
  ],
  action: null,
  after: [
    "The code works once. Tollgate staff will never ask you for it.",
    "If it was not you, you need do nothing: joining is not possible without the code.",
  ],
});

const changeEmail: MailWriter<"change_email"> = (letter) => ({
  subject: "Your code for another sign-in address",
  greeting: "Hello,",
  lines: [
    "We received a request, most likely from you, to sign in to Tollgate with the address below in future. " +
      "Enter the code where you were asked for it.",
  ],
  facts: [
    ["New address", letter.email],
    ["Good until", until(letter.expiresAt)],
  ],
  action: null,
  after: [
    "The code works once. Tollgate staff will never ask you for it.",
    "If it was not you, please do not give the code to anyone: without it nothing changes.",
  ],
});

const confirmEmail: MailWriter<"confirm_email"> = (letter) => ({
  subject: `Confirm your e-mail address for ${letter.account}`,
  greeting: "Hello,",
  lines: [
    `This address was entered on your card in ${letter.account}. Please confirm that you read its mail.`,
  ],
  facts: [["Account", letter.account]],
  action: "Confirm the address",
  after: ["If you do not know this account, you need do nothing: the address stays unconfirmed."],
});

const apiKey: MailWriter<"api_key"> = (letter) => ({
  subject: `An API key for you in ${letter.account}`,
  greeting: "Hello,",
  lines: [
    `${letter.by} made an API key for you in ${letter.account}. ` +
      "The link below shows it once, and only to you.",
  ],
  facts: [
    ["Account", letter.account],
    ["Made by", letter.by],
    ["Name of the key", letter.name],
    ["Good until", until(letter.expiresAt)],
  ],
  action: "Show the key",
  after: [
    "The key may do what you may do. Keep it where you keep passwords.",
    "If you did not expect it, you need do nothing: the key does not exist until the link is used.",
  ],
});

const JOINED: Readonly<Record<JoinedBy, (name: string, account: string) => string>> = {
  invitation: (name, account) => `${name} accepted your invitation and has joined ${account}.`,
  link: (name, account) => `${name} has joined ${account} by a link that you made.`,
  account_link: (name, account) => `${name} has joined ${account} by a link of the account.`,
};

const joined: MailWriter<"joined"> = (letter) => ({
  subject: `${letter.name} has joined ${letter.account}`,
  greeting: "Hello,",
  lines: [JOINED[letter.by](letter.name, letter.account)],
  facts: [
    ["Account", letter.account],
    ["Member", letter.name],
    ["E-mail", letter.email],
  ],
  action: null,
  after: [
    letter.by === "invitation"
      ? "If you did not invite this person, ask an administrator of the account to look into it."
      : "Every person who has the link can join, with its role only. " +
        "If this surprises you, end the link or ask an administrator of the account.",
  ],
});

const accessChanged: MailWriter<"access_changed"> = (letter) => ({
  subject: `Your access to ${letter.account} was changed`,
  greeting: "Hello,",
  lines: [
    `${letter.by ?? "Several members"} changed what you may do in ${letter.account}. ` +
      "The change holds at once.",
  ],
  facts: [["Account", letter.account], ...(letter.by === null ? [] : [["Changed by", letter.by] as const])],
  action: null,
  after: ["If this surprises you, ask an administrator of the account."],
});

const SECURITY: Readonly<
  Record<SecurityKind, (account: string) => readonly [subject: string, line: string]>
> = {
  key_made: (account) => [
    `A new API key for you in ${account}`,
    `An API key was made for you in ${account}. It can do what you can do there.`,
  ],
  key_claimed: (account) => [
    `An API key of yours in ${account} was claimed`,
    `An API key that was made for you in ${account} was claimed. It works from now on.`,
  ],
  key_revoked: (account) => [
    `An API key of yours in ${account} was revoked`,
    `An API key of yours in ${account} was revoked by another member. It does not work any more.`,
  ],
  card_address_changed: (account) => [
    `Your address in ${account} was changed`,
    `The e-mail address on your card in ${account} was changed. ` +
      "Mails for you go to the other address from now on.",
  ],
  sign_in_address_requested: (account) => [
    `Another sign-in address was requested in ${account}`,
    `A change of the address that you sign in with was requested in ${account}.`,
  ],
  sign_in_address_changed: (account) => [
    `Your sign-in address was changed`,
    `The address that you sign in to ${account} with was changed.`,
  ],
  sign_in_address_unlinked: (account) => [
    `Your sign-in address was removed`,
    `You can no longer sign in to ${account} with the address that you used.`,
  ],
  blocked: (account) => [
    `You were blocked in ${account}`,
    `You were blocked in ${account}. You cannot sign in there, and your API keys for it do not work.`,
  ],
  removed: (account) => [
    `You are no longer a member of ${account}`,
    `You were removed from ${account}. You cannot sign in there, and your API keys for it have ended.`,
  ],
  left: (account) => [
    `You left ${account}`,
    `You left ${account}. You cannot sign in there, and your API keys for it have ended.`,
  ],
  ownership_offered: (account) => [
    `You were offered the ownership of ${account}`,
    `The ownership of ${account} was offered to you. The offer is good for seven days.`,
  ],
  ownership_moved: (account) => [
    `${account} has another owner`,
    `The ownership of ${account} has moved to another member.`,
  ],
  ownership_received: (account) => [`You own ${account}`, `You are the owner of ${account} from now on.`],
};

const security: MailWriter<"security"> = ({ kind, account }) => {
  const [subject, line] = SECURITY[kind](account);
  return {
    subject,
    greeting: "Hello,",
    lines: [line],
    facts: [["Account", account]],
    action: null,
    after: [
      "If this surprises you, ask an administrator of the account. " +
        "If you do not know the account, you need do nothing.",
      "This mail is sent for security and cannot be unsubscribed from.",
    ],
  };
};

export const ENGLISH: MailLanguage = {
  frame: {
    code: "Your code",
    link: "If the button does not work, open this address:",
    footer: "This mail was sent by Tollgate. Answers to it are not read.",
    unsubscribe: "No more notices of this account:",
  },
  templates: {
    invitation,
    sign_in: signIn,
    join,
    change_email: changeEmail,
    confirm_email: confirmEmail,
    api_key: apiKey,
    joined,
    access_changed: accessChanged,
    security,
  },
};
