import type { TypeTable } from "../../access/resource-type.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import { isId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { type Claims, verifyToken } from "../credentials/access-token.ts";
import { type Credential, credentialOf } from "../credentials/credential.ts";
import { loadKeyring } from "../credentials/keyring.ts";
import { LruCache } from "../../kernel/lru-cache.ts";
import type { Principal } from "../principals/principal.ts";
import { findPrincipalByKey, findPrincipalByToken } from "../principals/principal.store.ts";
import type { GateRequest } from "../calls/gate-request.ts";
import { message } from "../../kernel/messages/message.ts";

/** Principals by credential. Each is good only while its stamp holds, and every call checks that with D1. */
export const principalCache = new LruCache<Principal>(300_000, weighPrincipal);

/**
 * About 60 bytes each: members of the grant set's sets, and 100 for the rest of a principal. All of them stay
 * below 20 MB.
 */
function weighPrincipal({ grantSet: { extents } }: Principal): number {
  let weight = 100;
  for (const { ids, roots } of extents.values()) weight += ids.size + roots.size + 5;
  return weight;
}

/** Tokens whose signature was good. Their expiry is checked at each call. */
const verifiedClaims = new LruCache<Claims>(5_000);

export interface Identity {
  /** The key of the principal in the cache: never the credential itself. */
  readonly cacheKey: string;
  load(): Promise<Principal | null>;
}

const CREDENTIAL_DETAILS = {
  none: message("request.credentialMissing"),
  several: message("request.credentialSeveral"),
  mistyped: message("request.credentialMistyped"),
  bare: message("request.credentialBare"),
  unreadable: message("request.credentialUnreadable"),
} as const;

/** From the credential to the member that is loaded for it. @throws Problem auth/invalid-credential */
export async function identify(request: GateRequest, types: TypeTable): Promise<Identity> {
  const { targetId } = request;
  // All malformed ids share one cache key, so callers cannot fill the cache with arbitrary text.
  const targetKey = targetId === null ? "" : isId(targetId) ? targetId : "astray";
  const credential = credentialOf(request.headers);
  if (credential.kind === "key") {
    const hash = sha256Hex(credential.secret);
    return {
      cacheKey: `key ${hash} ${targetKey}`,
      load: () => findPrincipalByKey(request.db, hash, targetId, types),
    };
  }
  if (credential.kind === "token") {
    const claims = await claimsOf(request, credential);
    if (claims === null)
      throw new Problem("auth/invalid-credential", {
        detail: message("request.tokenNotValid"),
      });
    const source = claims.sid === undefined ? `key ${claims.key}` : `sid ${claims.sid}`;
    return {
      cacheKey: `token ${claims.acc} ${claims.mem} ${source} ${targetKey}`,
      load: () => findPrincipalByToken(request.db, claims, targetId, types),
    };
  }
  throw new Problem("auth/invalid-credential", { detail: CREDENTIAL_DETAILS[credential.kind] });
}

async function claimsOf(
  request: GateRequest,
  { token }: Extract<Credential, { kind: "token" }>,
): Promise<Claims | null> {
  const known = verifiedClaims.get(token);
  if (known !== undefined) return known.exp * 1000 > request.now ? known : null;
  const { SIGNING_KEYS, ISSUER, AUDIENCE } = request.env;
  const claims = await verifyToken(
    await loadKeyring(SIGNING_KEYS),
    { issuer: ISSUER, audience: AUDIENCE },
    token,
    request.now,
  );
  if (claims !== null) verifiedClaims.set(token, claims);
  return claims;
}
