import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Keyring } from "./keyring.ts";

/** Seconds that an access token lives. Rights are asked live, so this only bounds the use of a stolen one. */
export const TOKEN_TTL_SECONDS = 600;

const CLAIMS = z
  .object({
    sub: z.string(),
    acc: z.string(),
    mem: z.string(),
    key: z.string().optional(),
    sid: z.string().optional(),
    iat: z.number(),
    exp: z.number(),
    jti: z.string(),
  })
  .refine(({ sub, mem, key, sid }) => sub === mem && (key === undefined) !== (sid === undefined))
  // A cache of the claims checks only their end, so the end is never later than the age allows.
  .transform((claims) => ({ ...claims, exp: Math.min(claims.exp, claims.iat + TOKEN_TTL_SECONDS) }));

/** Who a token speaks for: a member, by the API key or the session that it was minted from. */
export type Claims = z.infer<typeof CLAIMS>;

export interface TokenTerms {
  readonly issuer: string;
  readonly audience: string;
}

export interface TokenSubject {
  readonly memberId: string;
  readonly accountId: string;
  /** The key or session that it is minted from. The token ends with it. */
  readonly source: { readonly kind: "key" | "session"; readonly id: string };
  readonly jti: string;
}

/**
 * An access token of RFC 9068, signed with EdDSA.
 * @param now milliseconds since the epoch
 */
export const mintToken = (
  ring: Keyring,
  terms: TokenTerms,
  { source, ...subject }: TokenSubject,
  now: number,
): Promise<string> =>
  new SignJWT({
    acc: subject.accountId,
    mem: subject.memberId,
    ...(source.kind === "key" ? { key: source.id } : { sid: source.id }),
    client_id: source.id,
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: ring.signer.kid })
    .setIssuer(terms.issuer)
    .setAudience(terms.audience)
    .setSubject(subject.memberId)
    .setJti(subject.jti)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(now / 1000) + TOKEN_TTL_SECONDS)
    .sign(ring.signer.key);

/**
 * The claims of a token that is good now, else null. The algorithm and type are fixed, the key is found by
 * `kid` in our own ring only (RFC 8725: `jwk`, `jku` and `x5u` of the header are never followed).
 */
export async function verifyToken(
  ring: Keyring,
  terms: TokenTerms,
  token: string,
  now: number,
): Promise<Claims | null> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = ring.verifiers.get(kid ?? "");
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key;
      },
      {
        algorithms: ["EdDSA"],
        typ: "at+jwt",
        issuer: terms.issuer,
        audience: terms.audience,
        requiredClaims: ["sub", "iat", "exp", "jti", "client_id"],
        maxTokenAge: TOKEN_TTL_SECONDS,
        currentDate: new Date(now),
      },
    );
    return CLAIMS.parse(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
    throw error;
  }
}
