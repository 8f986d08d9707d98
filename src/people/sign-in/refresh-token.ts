import { ID_PREFIXES } from "../../kernel/id.ts";
import { isSameSecret } from "../../kernel/digest.ts";
import { deriveSecret } from "../../kernel/derived-secret.ts";

/** Milliseconds that a session lives at most, and that it lives without a refresh. */
export const SESSION_TTL_MS = 30 * 24 * 60 * 60 * 1000;
export const SESSION_IDLE_MS = 7 * 24 * 60 * 60 * 1000;

/** When a session ends that is refreshed now. @param createdAt and @param now milliseconds since the epoch */
export const sessionEnd = (createdAt: number, now: number): number =>
  Math.min(createdAt + SESSION_TTL_MS, now + SESSION_IDLE_MS);

const REFRESH_TOKEN_FORM = new RegExp(
  `^(${ID_PREFIXES.session}_[0-9A-Z]{26})\\.(0|[1-9]\\d{0,8})\\.[A-Za-z0-9_-]{43}$`,
);

/** What a refresh token says of itself; null when it is none. */
export function parseRefreshToken(
  token: string,
): { readonly sessionId: string; readonly rotation: number } | null {
  const [, sessionId, rotation] = REFRESH_TOKEN_FORM.exec(token) ?? [];
  return sessionId === undefined ? null : { sessionId, rotation: Number(rotation) };
}

/**
 * The token of one rotation of a session: it follows from a signing key, and nothing of it is kept but the
 * number.
 */
export function deriveRefreshToken(
  signingKeys: string,
  kid: string | null,
  sessionId: string,
  rotation: number,
): { readonly kid: string; readonly token: string } {
  const { kid: usedKid, secret } = deriveSecret(
    signingKeys,
    kid,
    "refresh_token",
    `${sessionId}:${rotation}`,
  );
  return { kid: usedKid, token: `${sessionId}.${rotation}.${secret}` };
}

/** Whether this gate gave out the token, be it used up or not. */
export const isIssuedToken = (signingKeys: string, kid: string, token: string): boolean => {
  const parts = parseRefreshToken(token);
  return (
    parts !== null &&
    isSameSecret(token, deriveRefreshToken(signingKeys, kid, parts.sessionId, parts.rotation).token)
  );
};
