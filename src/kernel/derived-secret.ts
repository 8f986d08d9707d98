import { z } from "zod";
import { hmacSha256 } from "./digest.ts";

const SIGNING_KEY_LIST = z.array(z.looseObject({ kid: z.string().min(1), d: z.string().min(1) })).min(1);

/**
 * A secret that is derived from a signing key, a purpose and an id. It is not stored and can be shown again.
 * It lives as long as its key. When the key is no longer there, the first key is used, and the secret is
 * another one.
 * @param kid of the key that it was made by; null for the first
 */
export function deriveSecret(
  signingKeys: string,
  kid: string | null,
  purpose: string,
  id: string,
): { readonly kid: string; readonly secret: string } {
  const keys = SIGNING_KEY_LIST.parse(JSON.parse(signingKeys));
  const key = keys.find((each) => each.kid === kid) ?? keys[0];
  if (key === undefined) throw new Error("SIGNING_KEYS holds no key");
  // Each purpose has its own key, so that no secret reveals anything about the signing key.
  return { kid: key.kid, secret: hmacSha256(hmacSha256(key.d, purpose), id) };
}
