import type { Locale } from "../../kernel/schema/team.ts";
import { htmlMail, type Parts, subjectLine, textMail } from "./layout.ts";
import type { Letter } from "./letter.ts";
import {
  emailToken,
  invitationToken,
  keyToken,
  signInCode,
  signInToken,
  unsubscribeToken,
} from "./one-time.ts";
import { ENGLISH } from "./words.en.ts";
import { RUSSIAN } from "./words.ru.ts";
import type { Language, Words } from "./words.ts";

/** A mail as it is sent. Its secrets are in no other place. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly link: string | null;
  readonly code: string | null;
  readonly headers: Record<string, string>;
}

/** Where links lead. */
export interface Places {
  /** Of the pages: `/accept`, `/sign-in` and the others. */
  readonly appUrl: string;
  /** Of the API. */
  readonly issuer: string;
}

const LANGUAGES: Readonly<Record<Locale, Language>> = { en: ENGLISH, ru: RUSSIAN };

export function render(letter: Letter, signingKeys: string, { appUrl, issuer }: Places): Mail {
  const { frame, words } = LANGUAGES[letter.language];
  const said = (words[letter.template] as (letter: Letter) => Words)(letter);
  const page = (name: string, token: string): string =>
    `${appUrl.replace(/\/+$/, "")}/${name}#token=${token}`;
  const unsubscribe =
    letter.template === "joined" || letter.template === "access_changed"
      ? unsubscribeToken(signingKeys, null, letter.memberId).token
      : null;
  const parts: Parts = {
    ...wayIn(letter, signingKeys, page),
    unsubscribe: unsubscribe === null ? null : page("unsubscribe", unsubscribe),
  };
  return {
    subject: subjectLine(said.subject),
    text: textMail(said, frame, parts),
    html: htmlMail(said, frame, parts, letter.language),
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

function wayIn(
  letter: Letter,
  keys: string,
  page: (name: string, token: string) => string,
): { link: string | null; code: string | null } {
  switch (letter.template) {
    case "invitation":
      return {
        link: page("accept", invitationToken(keys, letter.kid, letter.invitationId, letter.sendCount).token),
        code: null,
      };
    case "sign_in":
      return {
        link: page("sign-in", signInToken(keys, letter.kid, letter.signInId).token),
        code: signInCode(keys, letter.kid, letter.signInId),
      };
    case "join":
      return { link: null, code: signInCode(keys, letter.kid, letter.signInId) };
    case "change_email":
      return { link: null, code: signInCode(keys, letter.kid, letter.signInId, "change_email") };
    case "api_key":
      return { link: page("key", keyToken(keys, letter.kid, letter.keyId).token), code: null };
    case "confirm_email":
      return {
        link: page("confirm", emailToken(keys, letter.kid, letter.memberId, letter.to, letter.change).token),
        code: null,
      };
    default:
      return { link: null, code: null };
  }
}
