import { API_KEY_PREFIX, isApiKey } from "./api-key.ts";

export type Credential =
  | { readonly kind: "key"; readonly secret: string }
  | { readonly kind: "token"; readonly token: string };

export type CredentialOutcome =
  | Credential
  | { readonly kind: "none" | "several" | "unreadable" | "mistyped" | "bare" };

/**
 * Headers that carry a credential. `usr` and `AggregatorAuthentication` count, too: a call with one of them
 * and another credential is refused.
 */
const CREDENTIAL_HEADERS = ["authorization", "x-api-key", "usr", "aggregatorauthentication"] as const;

const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,4096}=*)$/i;

/** Exactly one credential (RFC 6750 section 2: no more than one method in a request). */
export function credentialOf(headers: Headers): CredentialOutcome {
  const present = CREDENTIAL_HEADERS.filter((name) => headers.has(name));
  if (present.length > 1) return { kind: "several" };
  const [carrier] = present;
  if (carrier === undefined) return { kind: "none" };

  const value = headers.get(carrier) ?? "";
  if (carrier === "x-api-key") return parseKey(value) ?? { kind: "unreadable" };
  if (carrier !== "authorization") return { kind: "unreadable" };
  const bearer = BEARER.exec(value)?.[1];
  if (bearer === undefined) return { kind: isApiKey(value) ? "bare" : "unreadable" };
  return parseKey(bearer) ?? { kind: "token", token: bearer };
}

/**
 * A text that begins like an API key is one, or is mistyped. Its checksum says which, without the database.
 */
function parseKey(text: string): CredentialOutcome | null {
  if (isApiKey(text)) return { kind: "key", secret: text };
  return text.startsWith(API_KEY_PREFIX) ? { kind: "mistyped" } : null;
}
