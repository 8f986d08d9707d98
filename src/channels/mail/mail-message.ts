import type { Locale } from "../../kernel/schema/team.ts";

/**
 * What a mail says, beside to whom and in which language. No secret is in it: links and codes follow from
 * these ids when it is sent.
 */
export type MailContent =
  /**
   * The way in of a new member: a link, good until `expiresAt` or until the next sending. `roles` as they are
   * called in the letter's language.
   */
  | {
      readonly template: "invitation";
      readonly invitationId: string;
      readonly kid: string;
      readonly sendCount: number;
      readonly account: string;
      readonly inviter: string;
      readonly roles: readonly string[];
      readonly login: string | null;
      readonly expiresAt: number;
    }
  /** A code and a link of one sign-in. */
  | {
      readonly template: "sign_in";
      readonly signInId: string;
      readonly kid: string;
      readonly expiresAt: number;
    }
  /**
   * A code for joining an account by an operator link, to an unknown address. It contains no sign-in link
   * because the address cannot sign in yet.
   */
  | {
      readonly template: "join";
      readonly signInId: string;
      readonly kid: string;
      readonly account: string;
      readonly expiresAt: number;
    }
  /** A code, to the address by which a person signs in and to the one that is to take its place. */
  | {
      readonly template: "change_email";
      readonly signInId: string;
      readonly kid: string;
      readonly email: string;
      readonly expiresAt: number;
    }
  /** Another member wrote this address on a member's card. The link proves that its mail is read. */
  | {
      readonly template: "confirm_email";
      readonly memberId: string;
      readonly change: number;
      readonly kid: string;
      readonly account: string;
    }
  /** Another member made an API key for the receiver, who takes it by a link. */
  | {
      readonly template: "api_key";
      readonly keyId: string;
      readonly kid: string;
      readonly account: string;
      readonly by: string;
      readonly name: string;
      readonly expiresAt: number;
    }
  /**
   * To the inviter, to the maker of the link, or to the account's owner: a person has joined. `memberId` is
   * the receiver's.
   */
  | {
      readonly template: "joined";
      readonly by: JoinedBy;
      readonly memberId: string;
      readonly account: string;
      readonly name: string;
      readonly email: string;
    }
  /** To a member: another member changed what they may do. `by` is null when several members did. */
  | {
      readonly template: "access_changed";
      readonly memberId: string;
      readonly account: string;
      readonly by: string | null;
    }
  /**
   * Sent also to members who unsubscribed. The account's name is its only text from the tenant.
   * @see SecurityKind
   */
  | {
      readonly template: "security";
      readonly kind: SecurityKind;
      readonly memberId: string;
      readonly account: string;
      readonly isConfirmed: boolean;
    };

/**
 * How a person joined, as the receiver of the mail knows it: by their own invitation or link, or by a link of
 * another member.
 */
export type JoinedBy = "invitation" | "link" | "account_link";

/** What a security mail reports to the member concerned. */
export type SecurityKind =
  | "key_made"
  | "key_claimed"
  | "key_revoked"
  | "card_address_changed"
  | "sign_in_address_requested"
  | "sign_in_address_changed"
  | "sign_in_address_unlinked"
  | "blocked"
  | "removed"
  | "left"
  | "ownership_offered"
  | "ownership_moved"
  | "ownership_received";

export type Template = MailContent["template"];

/** A mail on its way. */
export type MailMessage = MailContent & {
  readonly id: string;
  /** An e-mail address. */
  readonly to: string;
  readonly language: Locale;
  /** Milliseconds since the epoch; at once by default. */
  readonly notBefore?: number;
};
