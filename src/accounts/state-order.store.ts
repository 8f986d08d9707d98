import { eq, sql } from "drizzle-orm";
import { type Db, guard, type Statement } from "../kernel/db.ts";
import { type AccountState, stateOrder } from "../kernel/schema/state-order.ts";
import { type Moment, toNewestChange } from "./state-order.ts";

/** The newest change of each state of an account, as far as there is one. */
export const findStateOrder = (db: Db, accountId: string) =>
  db.select().from(stateOrder).where(eq(stateOrder.accountId, accountId));

/**
 * Notes a change of a state. Fails under "changed" when a newer one was applied meanwhile.
 * @param now milliseconds since the epoch
 */
export const writeStateOrder = (
  db: Db,
  accountId: string,
  state: AccountState,
  moment: Moment,
  now: number,
): Statement[] => [
  ...guardNotOlder(db, accountId, state, moment),
  db
    .insert(stateOrder)
    .values({ accountId, state, ...toNewestChange(moment, now) })
    .onConflictDoUpdate({
      target: [stateOrder.accountId, stateOrder.state],
      set: {
        at: sql`max(${stateOrder.at}, excluded.at)`,
        sequence: sql`CASE WHEN excluded.sequence IS NULL THEN ${stateOrder.sequence}
          ELSE max(coalesce(${stateOrder.sequence}, 0), excluded.sequence) END`,
      },
    }),
];

function guardNotOlder(db: Db, accountId: string, state: AccountState, moment: Moment): Statement[] {
  if (moment.kind === "now") return [];
  const newer = moment.kind === "time" ? sql`at > ${moment.until}` : sql`sequence > ${moment.sequence}`;
  const isNewer = sql`SELECT 1 FROM state_order
    WHERE account_id = ${accountId} AND state = ${state} AND ${newer}`;
  return [guard(db, "changed", sql`NOT EXISTS (${isNewer})`)];
}
