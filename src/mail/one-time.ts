import { derivedSecret } from "../kernel/derived-secret.ts";

/** A secret that is written in one mail and kept nowhere, and the signing key that it follows from. */
export interface OneTime {
  readonly kid: string;
  readonly token: string;
}

const oneTime = (signingKeys: string, kid: string | null, purpose: string, id: string): OneTime => {
  const { kid: used, secret } = derivedSecret(signingKeys, kid, purpose, id);
  return { kid: used, token: secret };
};

/** The token of an invitation or a link: another one for each sending. @param kid of the key that it follows from; null for the newest */
export const invitationToken = (signingKeys: string, kid: string | null, invitationId: string, sendCount: number): OneTime =>
  oneTime(signingKeys, kid, "invitation", `${invitationId}:${sendCount}`);

/** The secret in the link of a sign-in mail. The link carries it `withId` of the sign-in. */
export const signInToken = (signingKeys: string, kid: string | null, signInId: string): OneTime => oneTime(signingKeys, kid, "sign_in link", signInId);

/** The code in the same mail, of eight digits. */
export function signInCode(signingKeys: string, kid: string | null, signInId: string): string {
  const { token } = oneTime(signingKeys, kid, "sign_in code", signInId);
  const bytes = atob(token.replaceAll("-", "+").replaceAll("_", "/").slice(0, 12));
  let number = 0;
  for (const byte of bytes.slice(0, 6)) number = number * 256 + byte.charCodeAt(0);
  return String(number % 100_000_000).padStart(8, "0");
}

/** The secret that confirms an address of a member: it is good for that address only. The link carries it `withId` of the member. */
export const emailToken = (signingKeys: string, kid: string | null, memberId: string, email: string): OneTime =>
  oneTime(signingKeys, kid, "confirm_email", `${memberId}:${email}`);

/** The secret that ends the notices to a member. The link carries it `withId` of the member. */
export const unsubscribeToken = (signingKeys: string, kid: string | null, memberId: string): OneTime => oneTime(signingKeys, kid, "unsubscribe", memberId);

/** The token of a link whose secret stands in no row: the id finds the row from which the secret follows. */
export const withId = (id: string, secret: string): string => `${id}.${secret}`;

/** The two parts of `withId`; null for what is no such token. */
export function parted(token: string): { readonly id: string; readonly secret: string } | null {
  const [, id = "", secret = ""] = /^([a-z]{3}_[0-9A-Z]{26})\.([\w-]{43})$/.exec(token) ?? [];
  return id === "" ? null : { id, secret };
}
