import { toHex } from "../../kernel/hex.ts";
import type { HookScheme } from "../../kernel/schema/hook.ts";

/** How far the sender's clock may be from ours, both ways. */
export const TOLERANCE_MS = 5 * 60 * 1000;
/** Signatures that are looked at: a sender has two while a secret is rolled out. */
const SIGNATURES_MAX = 10;
const NAME_MAX = 200;

/** Why a call was not taken for the sender's. For the hook's owner alone. */
export type SignatureFault =
  | "headers_missing"
  | "headers_malformed"
  | "too_old"
  | "too_new"
  | "wrong_signature";

export interface Signed {
  readonly kind: "signed";
  /** By what the sender names the message in its headers; null where the body says it. */
  readonly headerId: string | null;
  /** Hex SHA-256 of all that was signed. */
  readonly digest: string;
}

export type Verdict = Signed | { readonly kind: "refused"; readonly reason: SignatureFault };

/** What was signed, and with what: nothing is compared yet. */
interface SignatureClaim {
  readonly content: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  readonly headerId: string | null;
  /** Milliseconds since the epoch; null where the scheme has no time. */
  readonly at: number | null;
}

const refusedVerdict = (reason: SignatureFault): Verdict => ({ kind: "refused", reason });

/**
 * Is this what the sender signed, and now? Over the bytes as they came.
 * @param keys as `signingKeyBytes` makes them: one, or two while a secret is rolled out
 * @param now milliseconds since the epoch
 */
export async function verifySignature(
  scheme: HookScheme,
  keys: readonly Uint8Array[],
  headers: Headers,
  raw: Uint8Array,
  now: number,
): Promise<Verdict> {
  const claim = CLAIM_READERS[scheme](headers, raw);
  if (typeof claim === "string") return refusedVerdict(claim);
  const age = claim.at === null ? 0 : now - claim.at;
  // Each key and each signature is tried, even after a match.
  const matches = await Promise.all(
    keys.flatMap((key) => claim.signatures.map((signature) => isMatching(key, signature, claim.content))),
  );
  if (!matches.includes(true)) return refusedVerdict("wrong_signature");
  if (Math.abs(age) > TOLERANCE_MS) return refusedVerdict(age > 0 ? "too_old" : "too_new");
  return {
    kind: "signed",
    headerId: claim.headerId,
    digest: toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", claim.content))),
  };
}

/** WebCrypto compares in constant time. */
async function isMatching(key: Uint8Array, signature: Uint8Array, content: Uint8Array): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
  return crypto.subtle.verify("HMAC", imported, signature, content);
}

const CLAIM_READERS: Readonly<
  Record<HookScheme, (headers: Headers, raw: Uint8Array) => SignatureClaim | SignatureFault>
> = {
  standard: readStandard,
  stripe: readStripe,
  github: readGithub,
};

/**
 * Names under which the headers of Standard Webhooks are sent. A message carries one of the sets and no part
 * of the other.
 */
const STANDARD_PREFIXES = ["webhook", "svix"];

/** Standard Webhooks 1.0: `v1,<base64>` separated by spaces, over `id.timestamp.body`. */
function readStandard(headers: Headers, raw: Uint8Array): SignatureClaim | SignatureFault {
  const sets = STANDARD_PREFIXES.map((prefix) =>
    ["id", "timestamp", "signature"].map((name) => headers.get(`${prefix}-${name}`)),
  );
  const [headerValues = [], ...others] = sets.filter((values) => values.some((value) => value !== null));
  if (others.length > 0) return "headers_malformed";
  const [id, timestamp, signature] = headerValues;
  if (!id || !timestamp || !signature) return "headers_missing";
  if (!isMessageId(id) || !isSeconds(timestamp)) return "headers_malformed";
  const signatures = signature
    .split(" ")
    .filter((each) => each.startsWith("v1,"))
    .map((each) => decodeBase64(each.slice(3)));
  return {
    content: joinBytes(`${id}.${timestamp}.`, raw),
    signatures: limitSignatures(signatures),
    headerId: id,
    at: Number(timestamp) * 1000,
  };
}

/** As Stripe signs: `t=<seconds>,v1=<hex>[,v1=<hex>]`, over `t.body`. */
function readStripe(headers: Headers, raw: Uint8Array): SignatureClaim | SignatureFault {
  const header = headers.get("stripe-signature");
  if (!header) return "headers_missing";
  const parts = header
    .split(",")
    .map(
      (part) => [part.slice(0, part.indexOf("=")).trim(), part.slice(part.indexOf("=") + 1).trim()] as const,
    );
  const times = parts.filter(([name]) => name === "t").map(([, value]) => value);
  const [time] = times;
  if (time === undefined || times.length > 1 || !isSeconds(time)) return "headers_malformed";
  const signatures = parts.filter(([name]) => name === "v1").map(([, value]) => fromHex(value));
  return {
    content: joinBytes(`${time}.`, raw),
    signatures: limitSignatures(signatures),
    headerId: null,
    at: Number(time) * 1000,
  };
}

/** As GitHub signs: `sha256=<hex>` over the body alone, so that nothing but its digest tells a replay. */
function readGithub(headers: Headers, raw: Uint8Array): SignatureClaim | SignatureFault {
  const [id, signature] = ["x-github-delivery", "x-hub-signature-256"].map((name) => headers.get(name));
  if (!id || !signature) return "headers_missing";
  if (!isMessageId(id)) return "headers_malformed";
  const signatures = signature.startsWith("sha256=") ? [fromHex(signature.slice(7))] : [];
  return { content: raw, signatures: limitSignatures(signatures), headerId: id, at: null };
}

/** Whether it can name a message or an event: visible and not long. */
export const isMessageId = (text: string): boolean => text.length <= NAME_MAX && /^[\x21-\x7e]+$/.test(text);
const isSeconds = (text: string): boolean => /^\d{1,11}$/.test(text);
const limitSignatures = (signatures: readonly (Uint8Array | null)[]): Uint8Array[] =>
  signatures.filter((each) => each !== null).slice(0, SIGNATURES_MAX);

function joinBytes(head: string, raw: Uint8Array): Uint8Array {
  const first = new TextEncoder().encode(head);
  const all = new Uint8Array(first.length + raw.length);
  all.set(first);
  all.set(raw, first.length);
  return all;
}

/** Of base64; null for what is none. */
export function decodeBase64(base64: string): Uint8Array | null {
  if (base64.length === 0 || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

const fromHex = (text: string): Uint8Array | null =>
  /^[0-9a-f]{64}$/.test(text)
    ? Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : null;
