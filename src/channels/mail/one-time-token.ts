import { deriveSecret } from "../../kernel/derived-secret.ts";
import type { SignInPurpose } from "../../kernel/schema/identity.ts";

/** A secret that is written in one mail and kept nowhere, and the signing key that it follows from. */
export interface OneTimeToken {
  readonly kid: string;
  readonly token: string;
}

const deriveToken = (signingKeys: string, kid: string | null, purpose: string, id: string): OneTimeToken => {
  const { kid: used, secret } = deriveSecret(signingKeys, kid, purpose, id);
  return { kid: used, token: secret };
};

/**
 * The token of an invitation or a link: another one for each sending. @param kid of the key that it follows
 * from; null for the newest
 */
export const invitationToken = (
  signingKeys: string,
  kid: string | null,
  invitationId: string,
  sendCount: number,
): OneTimeToken => deriveToken(signingKeys, kid, "invitation", `${invitationId}:${sendCount}`);

/** The token by which a member takes an API key that another member made. */
export const keyClaimToken = (signingKeys: string, kid: string | null, keyId: string): OneTimeToken =>
  deriveToken(signingKeys, kid, "api_key claim", keyId);

/** Where no row keeps a hash: the id in front finds the row from which the secret behind it follows. */
function deriveTokenWithId(
  signingKeys: string,
  kid: string | null,
  purpose: string,
  id: string,
  secretOf: string,
): OneTimeToken {
  const { kid: used, token } = deriveToken(signingKeys, kid, purpose, secretOf);
  return { kid: used, token: `${id}.${token}` };
}

/** The id in front of such a token; "" without one. */
export const idInToken = (token: string): string => token.slice(0, Math.max(0, token.indexOf(".")));

/** The token in the link of a sign-in mail: `<sign-in id>.<secret>`. */
export const signInToken = (signingKeys: string, kid: string | null, signInId: string): OneTimeToken =>
  deriveTokenWithId(signingKeys, kid, "sign_in link", signInId, signInId);

/** The code in the same mail, of eight digits: another one for each purpose. */
export function signInCode(
  signingKeys: string,
  kid: string | null,
  signInId: string,
  purpose: SignInPurpose = "sign_in",
): string {
  const { token } = deriveToken(signingKeys, kid, `${purpose} code`, signInId);
  const bytes = atob(token.replaceAll("-", "+").replaceAll("_", "/").slice(0, 12));
  let number = 0;
  for (const byte of bytes.slice(0, 6)) number = number * 256 + byte.charCodeAt(0);
  return String(number % 100_000_000).padStart(8, "0");
}

/**
 * The token that confirms an address of a member, good for one change of the card only: `<member
 * id>.<secret>`. @param change the version that the card had by it
 */
export const emailConfirmationToken = (
  signingKeys: string,
  kid: string | null,
  memberId: string,
  email: string,
  change: number,
): OneTimeToken =>
  deriveTokenWithId(signingKeys, kid, "confirm_email", memberId, `${memberId}:${change}:${email}`);

/** The token that ends the notices to a member: `<member id>.<secret>`. */
export const unsubscribeToken = (signingKeys: string, kid: string | null, memberId: string): OneTimeToken =>
  deriveTokenWithId(signingKeys, kid, "unsubscribe", memberId, memberId);
