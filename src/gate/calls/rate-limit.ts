import { DAY_MS } from "../../kernel/clock.ts";
import { containsIp, parseIp, parseBlock, canonicalBlock } from "../../kernel/cidr.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { Message } from "../../kernel/messages/message.ts";

/** How often a call may be made in a window of time. Windows follow one another and do not slide. */
export interface RateLimit {
  readonly name: string;
  readonly quota: number;
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;

export const RATE_LIMITS = {
  /** Codes that are asked for from one address of the network. */
  codesPerClient: { name: "codes-from", quota: 30, windowMs: 15 * MINUTE_MS },
  /**
   * Codes for one e-mail address that are asked for from one address of the network: enough for a person. No
   * caller uses up the codes of another.
   */
  codesPerClientAndEmail: { name: "codes-for", quota: 5, windowMs: 15 * MINUTE_MS },
  codesPerClientAndEmailDaily: { name: "codes-for-day", quota: 20, windowMs: DAY_MS },
  /**
   * Codes for one e-mail address from everywhere: too few to flood a mailbox, too many to be
   * used up in passing.
   */
  codesPerEmail: { name: "codes-to", quota: 100, windowMs: DAY_MS },
  /** Mails to one e-mail address that others cause, in all accounts together. */
  mailsPerEmail: { name: "mails-to", quota: 10, windowMs: DAY_MS },
  /** The same, from one account. */
  mailsPerAccount: { name: "mails-of", quota: 500, windowMs: DAY_MS },
  /** Members who join by one link. */
  joinsPerLink: { name: "joins-by-link", quota: 100, windowMs: DAY_MS },
  /**
   * Codes that strangers are mailed by one standing link. One with a number of uses has its own limit for its
   * whole time.
   */
  codesPerLink: { name: "codes-by-link", quota: 500, windowMs: DAY_MS },
  /** Security mails of one kind to one address that is not confirmed. To confirmed ones there is no limit. */
  securityMailsPerEmail: { name: "security-to", quota: 1, windowMs: DAY_MS },
  /**
   * Refusals in the trail for callers who showed a mail of one member. More are refused without a row.
   */
  refusalsPerMember: { name: "refusals-of", quota: 100, windowMs: DAY_MS },
  /** Wrong codes and links, and right ones that are refused, from one address of the network. */
  wrongTriesPerClient: { name: "wrong-from", quota: 30, windowMs: 15 * MINUTE_MS },
} as const satisfies Record<string, RateLimit>;

/** Milliseconds since the epoch. */
export const windowEnd = ({ windowMs }: RateLimit, now: number): number =>
  (Math.floor(now / windowMs) + 1) * windowMs;

/**
 * The client behind an address of the network. One connection has 2^64 addresses of IPv6, so a block of that
 * size counts as one client. Unknown addresses are one client, too.
 */
export function clientBucket(ip: string | null): string {
  const address = parseIp(ip ?? "");
  if (ip === null || address === null) return "unknown";
  const block = parseBlock(`${ip}/64`);
  return address.kind() === "ipv6" && block !== null && containsIp(block, address)
    ? canonicalBlock(block)
    : ip;
}

/**
 * The caller asked too often (RateLimit fields of the IETF draft). @param until milliseconds since the epoch
 */
export function quotaExceeded(
  { name, quota, windowMs }: RateLimit,
  until: number,
  now: number,
  detail?: Message,
): Problem {
  const seconds = String(Math.max(1, Math.ceil((until - now) / 1000)));
  return new Problem("quota-exceeded", {
    ...(detail === undefined ? {} : { detail }),
    headers: {
      "Retry-After": seconds,
      "RateLimit-Policy": `"${name}";q=${quota};w=${windowMs / 1000}`,
      RateLimit: `"${name}";r=0;t=${seconds}`,
    },
  });
}
