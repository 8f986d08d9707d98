import { type CryptoKey, importJWK, type JWK } from "jose";
import { z } from "zod";

const PRIVATE_KEYS = z
  .array(
    z.looseObject({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      x: z.string(),
      d: z.string(),
      kid: z.string().min(1),
    }),
  )
  .min(1);

export interface Keyring {
  /** Signs every new token. */
  readonly signer: { readonly kid: string; readonly key: CryptoKey };
  readonly verifiers: ReadonlyMap<string, CryptoKey>;
  /** What /.well-known/jwks.json publishes (RFC 7517): never a private member. */
  readonly jwks: { readonly keys: readonly JWK[] };
}

/** The first key signs; all are published and verify, so that a key is rotated with overlap. */
export async function importKeyring(signingKeys: string): Promise<Keyring> {
  const jwks = PRIVATE_KEYS.parse(JSON.parse(signingKeys));
  const verifiers = new Map<string, CryptoKey>();
  const published: JWK[] = [];
  for (const { kty, crv, x, kid } of jwks) {
    const publicJwk = { kty, crv, x };
    verifiers.set(kid, (await importJWK(publicJwk, "EdDSA")) as CryptoKey);
    published.push({ ...publicJwk, kid, alg: "EdDSA", use: "sig" });
  }
  const [first] = jwks;
  if (first === undefined) throw new Error("SIGNING_KEYS holds no key");
  const { kty, crv, x, d, kid } = first;
  return {
    signer: { kid, key: (await importJWK({ kty, crv, x, d }, "EdDSA")) as CryptoKey },
    verifiers,
    jwks: { keys: published },
  };
}

const keyringCache = new Map<string, Keyring>();

/**
 * Imported once per isolate; a deployment with other keys starts new isolates. The ring is kept, never the
 * promise of one: a promise belongs to the call that made it, and dies with it.
 */
export async function loadKeyring(signingKeys: string): Promise<Keyring> {
  const ring = keyringCache.get(signingKeys) ?? (await importKeyring(signingKeys));
  keyringCache.set(signingKeys, ring);
  return ring;
}
