import type { OpenCall } from "../identity/call.ts";
import { batch } from "../kernel/db.ts";
import { derivedSecret } from "../kernel/derived-secret.ts";
import { type Limit, tooMany, windowEnd } from "./limit.ts";
import { count, uncount } from "./tally.store.ts";

type Asked = Pick<OpenCall, "db" | "env" | "now">;

/** Whom something is counted for is kept as a digest that nobody makes without a signing key. */
const digestOf = ({ env }: Asked, limit: Limit, whom: string): string => derivedSecret(env.SIGNING_KEYS, null, "tally", `${limit.name}:${whom}`).secret;

/** Counts first and refuses then, so that many at once are no way round. @throws Problem quota-exceeded, of the limit that holds longest */
export async function countAsked(call: Asked, limits: readonly Limit[], whom: string): Promise<void> {
  const { db, now } = call;
  const counts = await batch(db, limits.map((limit) => count(db, digestOf(call, limit, whom), windowEnd(limit, now)))) as (readonly { count: number }[])[];
  const over = limits.filter(({ quota }, index) => (counts[index]?.[0]?.count ?? 0) > quota);
  const longest = over.sort((one, two) => windowEnd(two, now) - windowEnd(one, now))[0];
  if (longest !== undefined) throw tooMany(longest, windowEnd(longest, now), now);
}

/** What was counted turned out to be none of what is limited. */
export const takeBack = (call: Asked, limit: Limit, whom: string) => uncount(call.db, digestOf(call, limit, whom), windowEnd(limit, call.now));
