import type { Locale } from "../../kernel/schema/team.ts";
import { htmlMail, type MailParts, subjectLine, textMail } from "./layout.ts";
import type { MailMessage } from "./mail-message.ts";
import {
  emailConfirmationToken,
  invitationToken,
  keyClaimToken,
  signInCode,
  signInToken,
  unsubscribeToken,
} from "./one-time-token.ts";
import { ENGLISH } from "./messages.en.ts";
import { RUSSIAN } from "./messages.ru.ts";
import type { MailLanguage, MailText } from "./messages.ts";

/** A mail as it is sent. Its secrets are in no other place. */
export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly link: string | null;
  readonly code: string | null;
  readonly headers: Record<string, string>;
}

/** Where links lead. */
export interface LinkBases {
  /** Of the pages: `/accept`, `/sign-in` and the others. */
  readonly appUrl: string;
  /** Of the API. */
  readonly issuer: string;
}

const LANGUAGES: Readonly<Record<Locale, MailLanguage>> = { en: ENGLISH, ru: RUSSIAN };

export function renderMail(
  mail: MailMessage,
  signingKeys: string,
  { appUrl, issuer }: LinkBases,
): RenderedMail {
  const { frame, templates } = LANGUAGES[mail.language];
  const text = (templates[mail.template] as (letter: MailMessage) => MailText)(mail);
  const page = (name: string, token: string): string =>
    `${appUrl.replace(/\/+$/, "")}/${name}#token=${token}`;
  const unsubscribe =
    mail.template === "joined" || mail.template === "access_changed"
      ? unsubscribeToken(signingKeys, null, mail.memberId).token
      : null;
  const parts: MailParts = {
    ...linkAndCode(mail, signingKeys, page),
    unsubscribe: unsubscribe === null ? null : page("unsubscribe", unsubscribe),
  };
  return {
    subject: subjectLine(text.subject),
    text: textMail(text, frame, parts),
    html: htmlMail(text, frame, parts, mail.language),
    link: parts.link,
    code: parts.code,
    // RFC 8058: a mail program ends the notices by one POST to this address.
    headers:
      unsubscribe === null
        ? {}
        : {
            "List-Unsubscribe": `<${issuer.replace(/\/+$/, "")}/v1/unsubscribe/${unsubscribe}>`,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          },
  };
}

function linkAndCode(
  mail: MailMessage,
  keys: string,
  page: (name: string, token: string) => string,
): { link: string | null; code: string | null } {
  switch (mail.template) {
    case "invitation":
      return {
        link: page("accept", invitationToken(keys, mail.kid, mail.invitationId, mail.sendCount).token),
        code: null,
      };
    case "sign_in":
      return {
        link: page("sign-in", signInToken(keys, mail.kid, mail.signInId).token),
        code: signInCode(keys, mail.kid, mail.signInId),
      };
    case "join":
      return { link: null, code: signInCode(keys, mail.kid, mail.signInId) };
    case "change_email":
      return { link: null, code: signInCode(keys, mail.kid, mail.signInId, "change_email") };
    case "api_key":
      return { link: page("key", keyClaimToken(keys, mail.kid, mail.keyId).token), code: null };
    case "confirm_email":
      return {
        link: page(
          "confirm",
          emailConfirmationToken(keys, mail.kid, mail.memberId, mail.to, mail.change).token,
        ),
        code: null,
      };
    default:
      return { link: null, code: null };
  }
}
