import { isCustomRole } from "../../access/role-giving.ts";
import type { Preset } from "../../access/preset.ts";
import { ROLE_TEXTS } from "../../access/role-text.ts";
import type { Call } from "../../gate/calls/call.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { newId } from "../../kernel/id.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { invitationToken } from "../../channels/mail/one-time-token.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";
import type { Locale, Settings } from "../../kernel/schema/team.ts";
import type { MemberRow } from "../members/member.card.ts";
import { findRoles } from "../rights/role.store.ts";
import { sendQuotaExceeded } from "./invitation.card.ts";
import { message } from "../../kernel/messages/message.ts";

/** Milliseconds between two mails of one invitation at least, also when its address has changed. */
const RESEND_PAUSE_MS = 60_000;

/** The account that invites, where it is not the one that the call acts on. */
export interface InvitingAccount {
  readonly name: string;
  readonly preset: Preset;
  readonly settings: Pick<Settings, "invitationTtlMs" | "locale">;
}

const invitingAccountOf = ({ principal: { targetAccount, preset } }: Call): InvitingAccount => ({
  name: targetAccount.name,
  preset,
  settings: targetAccount.settings,
});

/**
 * When the next mail of an invitation may leave. It replaces a mail that has not left yet, whose link has
 * ended.
 */
const nextMailAt = ({ mailAt }: Pick<InvitationRow, "mailAt">, now: number): number =>
  mailAt > now ? mailAt : Math.max(now, mailAt + RESEND_PAUSE_MS);

type InvitedMember = Pick<MemberRow, "email" | "language" | "roles" | "login">;
type PreparedInvitationMail = {
  readonly invitation: InvitationRow;
  readonly mails: readonly MailMessage[];
};

/**
 * Sends an invitation again: another token, which ends the one before, and a mail with it. The caller becomes
 * its inviter.
 * @throws Problem quota-exceeded
 */
export function prepareInvitationMail(
  call: Call,
  row: InvitedMember,
  before: InvitationRow,
  account: InvitingAccount = invitingAccountOf(call),
): Promise<PreparedInvitationMail> {
  const waitMs = nextMailAt(before, call.now) - call.now;
  if (waitMs > 0) {
    throw sendQuotaExceeded("resend", 1, RESEND_PAUSE_MS, waitMs, message("invitations.sentJustNow"));
  }
  return prepareDelayedInvitationMail(call, row, before, account);
}

/**
 * The same without a refusal when the last mail left a moment ago. The link before ends now, and the mail
 * leaves when it may.
 */
export async function prepareDelayedInvitationMail(
  call: Call,
  row: InvitedMember,
  before: InvitationRow,
  account: InvitingAccount = invitingAccountOf(call),
): Promise<PreparedInvitationMail> {
  const { member } = call.principal;
  const mailAt = nextMailAt(before, call.now);
  const sendCount = before.sendCount + 1;
  const { kid, token } = invitationToken(call.env.SIGNING_KEYS, null, before.id, sendCount);
  const expiresAt = mailAt + account.settings.invitationTtlMs;
  const language = row.language ?? account.settings.locale;
  const letter: MailMessage = {
    id: newId("mail", call.now),
    to: row.email,
    language,
    notBefore: mailAt,
    template: "invitation",
    invitationId: before.id,
    kid,
    sendCount,
    account: account.name,
    inviter: member.username,
    roles: await loadRoleNames(call, account.preset, row.roles, language),
    login: row.login,
    expiresAt,
  };
  return {
    invitation: {
      ...before,
      tokenHash: sha256Hex(token),
      tokenKid: kid,
      sendCount,
      mailAt,
      expiresAt,
      status: "pending",
      invitedBy: call.principal.memberId,
      updatedAt: call.now,
    },
    mails: [letter],
  };
}

async function loadRoleNames(
  call: Call,
  preset: Preset,
  roles: readonly string[],
  language: Locale,
): Promise<string[]> {
  const customRoleIds = roles.filter(isCustomRole);
  const custom =
    customRoleIds.length === 0
      ? []
      : (await call.read(findRoles(call.db, call.principal.accountId, customRoleIds)))[0];
  return roles.map(
    (role) =>
      ROLE_TEXTS[preset.model]?.[role]?.name[language] ?? custom.find(({ id }) => id === role)?.name ?? role,
  );
}
