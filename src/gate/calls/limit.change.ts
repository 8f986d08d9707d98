import type { OpenCall } from "./call.ts";
import type { GuardName, Statement } from "../../kernel/db.ts";
import { derivedSecret } from "../../kernel/derived-secret.ts";
import { type Limit, tooMany, windowEnd } from "./limit.ts";
import { count, guardCount, uncount } from "./tally.store.ts";

type Asked = Pick<OpenCall, "db" | "env" | "now">;

/** What a limit is counted under: a digest, and the end of the window. */
export interface Tallied {
  readonly subject: string;
  readonly window: number;
}

export const talliedFor = (call: Asked, limit: Limit, whom: string): Tallied => ({
  subject: digestOf(call, limit, whom),
  window: windowEnd(limit, call.now),
});

/** The subject of a count is kept as a digest that cannot be made without a signing key. */
const digestOf = ({ env }: Asked, limit: Limit, whom: string): string =>
  derivedSecret(env.SIGNING_KEYS, null, "tally", `${limit.name}:${whom}`).secret;

/**
 * Counts first and refuses then, so that many calls at once do not pass the limit. A call that one limit
 * refuses does not count for the next limit. So refused calls do not use up the quota of another caller.
 * @throws Problem quota-exceeded
 */
export async function countAsked(call: Asked, limits: readonly Limit[], whom: string): Promise<void> {
  const { now } = call;
  for (const limit of limits) {
    if (!(await isWithin(call, limit, whom))) throw tooMany(limit, windowEnd(limit, now), now);
  }
}

/** Counts, and answers whether the count is still within the limit. */
export async function isWithin(call: Asked, limit: Limit, whom: string): Promise<boolean> {
  const [tallied] = await count(call.db, digestOf(call, limit, whom), windowEnd(limit, call.now));
  return tallied !== undefined && tallied.count <= limit.quota;
}

/**
 * Counts in the batch of the change that is limited. The batch fails under `name` when the count is over the
 * limit. Then nothing is counted.
 */
export function countWithin(
  call: Asked,
  limit: Limit,
  whom: string,
  name: GuardName,
  until: number = windowEnd(limit, call.now),
): Statement[] {
  const subject = digestOf(call, limit, whom);
  return [count(call.db, subject, until), guardCount(call.db, name, subject, until, limit.quota)];
}

/** Takes one count back, when the call turned out not to be limited. */
export const takeBack = (call: Asked, limit: Limit, whom: string) =>
  uncount(call.db, digestOf(call, limit, whom), windowEnd(limit, call.now));
