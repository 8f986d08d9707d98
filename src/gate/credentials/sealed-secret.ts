import { base64url, compactDecrypt, CompactEncrypt, decodeProtectedHeader, errors } from "jose";
import { deriveSecret } from "../../kernel/derived-secret.ts";

/**
 * A key of 256 bits for one secret alone. A secret that was sealed for one row cannot be opened for another.
 */
const deriveSealingKey = (
  signingKeys: string,
  kid: string | null,
  purpose: string,
  id: string,
): { readonly kid: string; readonly key: Uint8Array } => {
  const { kid: used, secret } = deriveSecret(signingKeys, kid, `sealed ${purpose}`, id);
  return { kid: used, key: base64url.decode(secret) };
};

/**
 * A secret of another system that has to be read again, as a JWE (RFC 7516, `dir` and A256GCM) under the
 * newest signing key. It opens as long as that key is listed in SIGNING_KEYS.
 * @param id of what it belongs to
 */
export async function sealSecret(
  signingKeys: string,
  purpose: string,
  id: string,
  secret: string,
): Promise<string> {
  const { kid, key } = deriveSealingKey(signingKeys, null, purpose, id);
  return new CompactEncrypt(new TextEncoder().encode(secret))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid })
    .encrypt(key);
}

/** The secret; null when its signing key is not listed any more, or when the sealed text was changed. */
export async function openSecret(
  signingKeys: string,
  purpose: string,
  id: string,
  sealed: string,
): Promise<string | null> {
  try {
    const { kid = "" } = decodeProtectedHeader(sealed);
    const { kid: used, key } = deriveSealingKey(signingKeys, kid, purpose, id);
    if (used !== kid) return null;
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return new TextDecoder().decode(plaintext);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Whether the signing key that it was sealed under is still listed. */
export function isOpenable(signingKeys: string, sealed: string): boolean {
  const { kid = "" } = decodeProtectedHeader(sealed);
  return deriveSecret(signingKeys, kid, "sealed", "").kid === kid;
}
