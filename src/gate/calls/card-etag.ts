import { canonicalJson } from "../../kernel/canonical-json.ts";
import { sha256Hex } from "../../kernel/digest.ts";
import type { Answer } from "../../kernel/http/operation.ts";

/**
 * After the version comes a digest of the card, because a card also shows data that has no version, such as
 * the last sign-in.
 */
const DIGEST = /\.[0-9a-f]{16}"$/;

/** The ETag of a version, from the tag of any card of that version. */
export const versionTag = (tag: string): string => tag.replace(/^W\//, "").replace(DIGEST, '"');

/**
 * A card with the ETag of everything that it shows. 304 without a body when the caller has the same card (RFC
 * 9110 section 13.1.2).
 */
export function withCardEtag(answer: Answer, ifNoneMatch: string | null): Answer {
  const tag = answer.headers?.["ETag"];
  if (tag === undefined || answer.body === undefined) return answer;
  const etag = `${tag.slice(0, -1)}.${sha256Hex(canonicalJson(answer.body)).slice(0, 16)}"`;
  const headers = { ...answer.headers, ETag: etag };
  const known = ifNoneMatch?.split(",").map((each) => each.trim().replace(/^W\//, "")) ?? [];
  if (known.includes(etag) || known.includes("*")) return { status: 304, headers };
  return { ...answer, headers };
}
