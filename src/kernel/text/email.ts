import { z } from "zod";
import { parseHostName } from "./host-name.ts";
import { ruleText } from "../messages/rule-text.ts";

/** 64 characters at most (RFC 5321 section 4.5.3.1.1), in ASCII. */
const LOCAL = "(?=.{1,64}@)(?!\\.)(?!.*\\.\\.)[a-z0-9_'+\\-.]*[a-z0-9_+-]";
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
/** The last label is no number. */
const TOP_LEVEL = "(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])";
const ADDRESS = new RegExp(`^${LOCAL}@(?:${LABEL}\\.)+${TOP_LEVEL}$`);

const DOT = /[.。．｡]/;

/**
 * A domain in lower case and ASCII (IDNA). Null where it is none, or where a character passes for one of
 * ASCII: such a domain is written in ASCII, so that a reader does not take one address for another.
 */
export function mailDomain(text: string): string | null {
  const host = parseHostName(text);
  const [written, labels] = [text.split(DOT), host?.split(".") ?? []];
  const isPlain =
    written.length === labels.length &&
    written.every((label, at) => /^[!-~]+$/.test(label) || labels[at]?.startsWith("xn--"));
  return host !== null && isPlain ? host : null;
}

/**
 * In lower case, its domain in ASCII. A text that is no address stays as it is, and is refused afterwards.
 */
function canonicalEmail(text: string): string {
  const at = text.lastIndexOf("@");
  const [local, domain] = [text.slice(0, at), mailDomain(text.slice(at + 1))];
  // Checked before the case is folded, because the Kelvin sign, too, becomes a k.
  return at < 1 || domain === null || /[^!-~]/.test(local) ? "" : `${local.toLowerCase()}@${domain}`;
}

const NOT_AN_EMAIL = ruleText("validation.email");

/** As it is stored and shown: a domain beyond ASCII as punycode. */
export const emailAddress = z
  .string()
  .trim()
  .max(320)
  .meta({ format: "email" })
  .transform(canonicalEmail)
  .pipe(z.email({ pattern: ADDRESS, error: NOT_AN_EMAIL }).max(254));

/** One that may be left out; an empty text is null. */
export const optionalEmailAddress = z
  .union([
    z
      .literal("")
      .transform(() => null)
      .pipe(z.null()),
    emailAddress,
  ])
  .nullable();
