import { z } from "zod";
import { ID_PREFIXES } from "../../kernel/id.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** Milliseconds for which a code, and the link beside it, are good. */
export const CODE_TTL_MS = 10 * 60 * 1000;

/**
 * Tries of one code, counted at all open codes of an address together: with `RATE_LIMITS.codesPerEmail`, five
 * hundred comparisons a day. A link has no limit of tries because it cannot be guessed. Wrong codes for an
 * address do not end its link.
 */
export const TRIES_MAX = 5;

/** As the mail shows it, in two groups, or in one. */
export const Code = z
  .string()
  .trim()
  .regex(/^\d{4} ?\d{4}$/, ruleText("signIn.codeDigits"))
  .transform((digits) => digits.replace(" ", ""));

/** What the link of a sign-in mail carries. */
export const LinkToken = z
  .string()
  .regex(
    new RegExp(`^${ID_PREFIXES.signIn}_[0-9A-Z]{26}\\.[A-Za-z0-9_-]{43}$`),
    ruleText("signIn.linkToken"),
  );

/** The two proofs that a person reads the mail of an address. */
export const CODE_FIELDS = { email: emailAddress, code: Code };
export const LINK_FIELDS = { token: LinkToken };

export type CodeOrLink = { readonly email: string; readonly code: string } | { readonly token: string };

/** Whose address it is, shown once: good for one change (`consumeProof`). */
export interface EmailProof {
  readonly signInId: string;
  /** In lower case. */
  readonly email: string;
}
