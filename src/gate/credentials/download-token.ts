import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { TokenTerms } from "./access-token.ts";
import type { Keyring } from "./keyring.ts";

/** Seconds that a link lives. */
export const DOWNLOAD_TTL_SECONDS = 300;

/** Its type and audience are its own: it is no access token, and none is a link. */
const TYPE = "download+jwt";
const audienceOf = ({ audience }: TokenTerms): string => `${audience}/downloads`;

const CLAIMS = z.object({
  acc: z.string(),
  mem: z.string(),
  key: z.string().optional(),
  sid: z.string().optional(),
  thm: z.string(),
  fil: z.string(),
  exp: z.number(),
});

/**
 * The member who asked for a link, the API key or session of that call, and the file of a theme that the link
 * leads to.
 */
export interface DownloadClaims {
  readonly acc: string;
  readonly mem: string;
  readonly key?: string | undefined;
  readonly sid?: string | undefined;
  readonly thm: string;
  readonly fil: string;
}

/** @param now milliseconds since the epoch */
export const signDownload = (
  ring: Keyring,
  terms: TokenTerms,
  { mem, ...download }: DownloadClaims,
  now: number,
): Promise<string> =>
  new SignJWT({ ...download, mem })
    .setProtectedHeader({ alg: "EdDSA", typ: TYPE, kid: ring.signer.kid })
    .setIssuer(terms.issuer)
    .setAudience(audienceOf(terms))
    .setSubject(mem)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor(now / 1000) + DOWNLOAD_TTL_SECONDS)
    .sign(ring.signer.key);

/**
 * What the link leads to; "expired" when it did once, null when it is none of ours. Key and algorithm are
 * chosen as for access tokens.
 */
export async function verifyDownload(
  ring: Keyring,
  terms: TokenTerms,
  token: string,
  now: number,
): Promise<DownloadClaims | "expired" | null> {
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
        typ: TYPE,
        issuer: terms.issuer,
        audience: audienceOf(terms),
        requiredClaims: ["sub", "iat", "exp"],
        maxTokenAge: DOWNLOAD_TTL_SECONDS,
        currentDate: new Date(now),
      },
    );
    return CLAIMS.parse(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return "expired";
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
    throw error;
  }
}
