import type { Call, Change } from "../identity/call.ts";
import type { AccountRow } from "./account.card.ts";
import { changedAccount } from "./account.change.ts";
import type { Moment } from "./state-order.ts";
import { writeOrder } from "./state-order.store.ts";

/** What is set as a whole. */
export type Wanted = { readonly plan: AccountRow["plan"] } | { readonly subscription: AccountRow["subscription"] };

/**
 * Sets the plan or the subscription of an account, for members of the platform and for hooks alike.
 * The caller has checked that the change is not older than the newest; the batch checks it again.
 */
export function setState(
  call: Pick<Call, "db" | "now" | "principal" | "event">, row: AccountRow, wanted: Wanted, moment: Moment,
): { after: AccountRow; change: Change } {
  const { after, change } = changedAccount(call, row, { ...row, ...wanted }, "account.manage");
  const order = writeOrder(call.db, row.id, "plan" in wanted ? "plan" : "subscription", moment, call.now);
  return { after, change: { ...change, statements: [...change.statements, ...order] } };
}
