import type { MailMessage } from "./mail-message.ts";

/**
 * What limits a letter.
 * - reader: its reader asked for it, and the route that takes the request limits it.
 * - change: another caused it. Over the quota the change is refused: it is of no use without its mail.
 * - notice: another caused it. Over the quota the change is made and the letter is not sent.
 * - security: never limited by quotas; to an unconfirmed address once a day for each kind.
 */
export type QuotaPolicy = "reader" | "change" | "notice" | "security";

export function quotaPolicyOf(mail: MailMessage): QuotaPolicy {
  switch (mail.template) {
    case "sign_in":
      return "reader";
    case "change_email":
      return mail.to === mail.email ? "change" : "reader";
    case "invitation":
    case "join":
    case "confirm_email":
    case "api_key":
      return "change";
    case "joined":
    case "access_changed":
      return "notice";
    case "security":
      return "security";
  }
}

/**
 * Letters with the same key become one: the first leaves at once, those of the next minute leave together.
 * Null: each leaves alone.
 */
export function gatherKey(mail: MailMessage): string | null {
  switch (mail.template) {
    case "access_changed":
      return `access_changed ${mail.memberId} ${mail.to}`;
    case "security":
      return `${mail.kind} ${mail.memberId} ${mail.to}`;
    case "invitation":
    case "sign_in":
    case "join":
    case "change_email":
    case "confirm_email":
    case "api_key":
    case "joined":
      return null;
  }
}
