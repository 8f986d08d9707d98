import type { Notifications } from "../../kernel/schema/team.ts";
import type { Template } from "./mail-message.ts";

/** The addresses of a member: the one on the card, and the one that the person signs in with. */
export interface MemberAddresses {
  readonly email: string;
  readonly emailVerifiedAt: number | null;
  /** Null before a person signed in. */
  readonly signIn: string | null;
}

/**
 * The address that notices go to: a confirmed one, the card's first. Null without one: the card alone proves
 * nothing.
 */
export const confirmedAddress = ({ email, emailVerifiedAt, signIn }: MemberAddresses): string | null =>
  emailVerifiedAt !== null || email === signIn ? email : signIn;

/** What is sent by mail unless the member says otherwise. */
export const DEFAULT_NOTIFICATIONS: Notifications = {
  unsubscribed: false,
  invitations: true,
  access: true,
  credits: true,
};

/** The setting for each notice. All other mails are needed for sign-in: no member can turn them off. */
const NOTICE_SETTINGS: Readonly<Partial<Record<Template, keyof Notifications>>> = {
  joined: "invitations",
  access_changed: "access",
};

/** Whether a member wants such a mail. Asked before the letter is written, so that no unwanted mail waits. */
export function isNoticeWanted(notifications: Partial<Notifications>, template: Template): boolean {
  const setting = NOTICE_SETTINGS[template];
  const chosen = { ...DEFAULT_NOTIFICATIONS, ...notifications };
  return setting === undefined || (!chosen.unsubscribed && chosen[setting]);
}
