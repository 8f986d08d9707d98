import { Problem } from "../../kernel/http/problem.ts";
import type { account } from "../../kernel/schema/team.ts";
import { admitsAddress, compileAddressRules } from "../credentials/address-rule.ts";
import { findRuledBelow } from "./below.store.ts";
import type { Call } from "./call.ts";

type RuledAccount = Pick<typeof account.$inferSelect, "id" | "allowedIps">;

/**
 * An account's address rules hold for everything that reads or edits it from above. With `Tollgate-Account`
 * the gate checks them. A route that reaches an account below in another way checks them here. The platform's
 * own routes do not check them.
 */
export const isOpenToCaller = (
  { origin }: Pick<Call, "origin">,
  { allowedIps }: Pick<RuledAccount, "allowedIps">,
): boolean => admitsAddress([compileAddressRules(allowedIps)], origin.ip);

/**
 * Checks the address rules of one account. The gate has checked those of the account that the call acts on.
 * @throws Problem ip/not-allowed
 */
export function requireOpenToCaller(call: Pick<Call, "origin" | "principal">, row: RuledAccount): void {
  if (row.id !== call.principal.accountId && !isOpenToCaller(call, row)) throw new Problem("ip/not-allowed");
}

/** The accounts below that are closed to the caller's address: lists and reports leave them out. */
export async function loadClosedBelow(
  call: Pick<Call, "db" | "origin" | "principal" | "read">,
): Promise<ReadonlySet<string>> {
  const { accountId, preset } = call.principal;
  if (preset.tree === null) return new Set();
  const [guarded] = await call.read(findRuledBelow(call.db, accountId));
  return new Set(guarded.filter((row) => !isOpenToCaller(call, row)).map(({ id }) => id));
}
