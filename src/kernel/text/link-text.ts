import { canonicalName } from "./canonical-name.ts";

/** The beginning of a word: no letter and no digit before it. */
const WORD = "(?<![\\p{L}\\p{N}])";

/** Schemes that are no words of any language: refused wherever a colon follows. */
const SCHEME = new RegExp(
  `${WORD}(?:https?|ftps?|sftp|wss?|mailto|javascript|vbscript|view-source)\\s*:`,
  "u",
);
/** Schemes that are also words: `Tel: 1` and `File: a` stay names, `tel:1` does not. */
const WORD_SCHEMES = [
  "tel|sms|smsto|callto|skype|facetime|whatsapp|viber|tg|slack|msteams|zoommtg",
  "data|file|blob|about|intent|market|magnet|geo|maps",
  "ssh|git|ldap|irc|news|bitcoin|ethereum|ipfs",
].join("|");
const WORD_SCHEME = new RegExp(`${WORD}(?:${WORD_SCHEMES}):(?=\\S)`, "u");
const WWW = new RegExp(`${WORD}www[.。]`, "u");

const LABEL = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}_-]*[\\p{L}\\p{N}\\p{M}])?";
/** The last label begins with a letter and has two characters or more, so that `Version 2.0/3` is no host. */
const LAST_LABEL = "\\p{L}[\\p{L}\\p{N}\\p{M}-]*[\\p{L}\\p{N}\\p{M}]";
const HOST = `(?:(?:${LABEL}[.。])+${LAST_LABEL}|\\d{1,3}(?:\\.\\d{1,3}){3})[.。]?`;
/**
 * What makes an address of a host. Browsers take a backslash for a slash, and people take other strokes for
 * one.
 */
const ADDRESS = new RegExp(`${HOST}(?:[/\\\\?#@⁄∕⧸]|:\\d)`, "u");

/**
 * Whether a mail program, a browser or a reader takes a part of this text for a link. A bare host, such as
 * `booking.com`, is a company's name: mails write it so that nothing links it.
 */
export function hasLink(text: string): boolean {
  const plain = canonicalName(text).toLowerCase();
  return (
    plain.includes("://") ||
    SCHEME.test(plain) ||
    WORD_SCHEME.test(plain) ||
    WWW.test(plain) ||
    ADDRESS.test(plain)
  );
}
