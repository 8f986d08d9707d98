import { z } from "zod";
import { hmacSha256 } from "./digest.ts";

const SECRETS = z.array(z.looseObject({ kid: z.string().min(1), d: z.string().min(1) })).min(1);

/**
 * A secret that follows from a signing key, a purpose and an id, so that it is kept nowhere and can be shown
 * again. It is as old as its key: a key that is no longer there gives its place to the first one, and the
 * secret is another then.
 * @param kid of the key that it was made by; null for the first
 */
export function derivedSecret(
  signingKeys: string,
  kid: string | null,
  purpose: string,
  id: string,
): { readonly kid: string; readonly secret: string } {
  const keys = SECRETS.parse(JSON.parse(signingKeys));
  const key = keys.find((each) => each.kid === kid) ?? keys[0];
  if (key === undefined) throw new Error("SIGNING_KEYS holds no key");
  // A key of its own for each purpose: none of them says anything of the signing key.
  return { kid: key.kid, secret: hmacSha256(hmacSha256(key.d, purpose), id) };
}
