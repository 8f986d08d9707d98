import { isApiKey } from "./api-key.ts";

export type Credential = { readonly kind: "key"; readonly secret: string } | { readonly kind: "token"; readonly token: string };

export type CredentialOutcome = Credential | { readonly kind: "none" | "several" | "unreadable" };

/** Headers that carry a credential. `usr` and `AggregatorAuthentication` count, so that they never ride along unseen. */
const CARRIERS = ["authorization", "x-api-key", "usr", "aggregatorauthentication"] as const;

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,4096}=*)$/i;

/** Exactly one credential (RFC 6750 section 2: no more than one method in a request). */
export function credentialOf(headers: Headers): CredentialOutcome {
  const present = CARRIERS.filter((name) => headers.has(name));
  if (present.length > 1) return { kind: "several" };
  const [carrier] = present;
  if (carrier === undefined) return { kind: "none" };

  const value = headers.get(carrier) ?? "";
  if (carrier === "x-api-key") return isApiKey(value) ? { kind: "key", secret: value } : { kind: "unreadable" };
  const bearer = carrier === "authorization" ? BEARER.exec(value)?.[1] : undefined;
  if (bearer === undefined) return { kind: "unreadable" };
  return isApiKey(bearer) ? { kind: "key", secret: bearer } : { kind: "token", token: bearer };
}
