import type { OpenCall } from "./call.ts";
import type { GuardName, Statement } from "../../kernel/db.ts";
import { deriveSecret } from "../../kernel/derived-secret.ts";
import { type RateLimit, quotaExceeded, windowEnd } from "./rate-limit.ts";
import { incrementCounter, guardCounter, decrementCounter } from "./rate-counter.store.ts";

type LimitContext = Pick<OpenCall, "db" | "env" | "now">;

/** What a limit is counted under: a digest, and the end of the window. */
export interface CounterKey {
  readonly subject: string;
  readonly window: number;
}

export const counterKeyFor = (call: LimitContext, limit: RateLimit, countedId: string): CounterKey => ({
  subject: digestOf(call, limit, countedId),
  window: windowEnd(limit, call.now),
});

/** The subject of a count is kept as a digest that cannot be made without a signing key. */
const digestOf = ({ env }: LimitContext, limit: RateLimit, countedId: string): string =>
  deriveSecret(env.SIGNING_KEYS, null, "tally", `${limit.name}:${countedId}`).secret;

/**
 * Counts first and refuses then, so that many calls at once do not pass the limit. A call that one limit
 * refuses does not count for the next limit. So refused calls do not use up the quota of another caller.
 * @throws Problem quota-exceeded
 */
export async function requireWithinLimits(
  call: LimitContext,
  limits: readonly RateLimit[],
  countedId: string,
): Promise<void> {
  const { now } = call;
  for (const limit of limits) {
    if (!(await countAndCheckLimit(call, limit, countedId)))
      throw quotaExceeded(limit, windowEnd(limit, now), now);
  }
}

/** Counts, and answers whether the count is still within the limit. */
export async function countAndCheckLimit(
  call: LimitContext,
  limit: RateLimit,
  countedId: string,
): Promise<boolean> {
  const [tallied] = await incrementCounter(
    call.db,
    digestOf(call, limit, countedId),
    windowEnd(limit, call.now),
  );
  return tallied !== undefined && tallied.count <= limit.quota;
}

/**
 * Counts in the batch of the change that is limited. The batch fails under `name` when the count is over the
 * limit. Then nothing is counted.
 */
export function countInBatch(
  call: LimitContext,
  limit: RateLimit,
  countedId: string,
  name: GuardName,
  until: number = windowEnd(limit, call.now),
): Statement[] {
  const subject = digestOf(call, limit, countedId);
  return [
    incrementCounter(call.db, subject, until),
    guardCounter(call.db, name, subject, until, limit.quota),
  ];
}

/** Takes one count back, when the call turned out not to be limited. */
export const undoCount = (call: LimitContext, limit: RateLimit, countedId: string) =>
  decrementCounter(call.db, digestOf(call, limit, countedId), windowEnd(limit, call.now));
