import { Problem } from "../../kernel/http/problem.ts";
import type { account } from "../../kernel/schema/team.ts";
import { admitsAddress, compileRules } from "../credentials/address.ts";
import { findGuardedBelow } from "./below.store.ts";
import type { Call } from "./call.ts";

type Guarded = Pick<typeof account.$inferSelect, "id" | "allowedIps">;

/**
 * An account's address rules hold for everything that reads or edits it from above. With `Tollgate-Account`
 * the gate checks them. A route that reaches an account below in another way checks them here. The platform's
 * own routes do not check them.
 */
export const isOpen = (
  { origin }: Pick<Call, "origin">,
  { allowedIps }: Pick<Guarded, "allowedIps">,
): boolean => admitsAddress([compileRules(allowedIps)], origin.ip);

/**
 * Checks the address rules of one account. The gate has checked those of the account that the call acts on.
 * @throws Problem ip/not-allowed
 */
export function requireOpen(call: Pick<Call, "origin" | "principal">, row: Guarded): void {
  if (row.id !== call.principal.accountId && !isOpen(call, row)) throw new Problem("ip/not-allowed");
}

/** The accounts below that are closed to the caller's address: lists and reports leave them out. */
export async function findClosedBelow(
  call: Pick<Call, "db" | "origin" | "principal" | "read">,
): Promise<ReadonlySet<string>> {
  const { accountId, preset } = call.principal;
  if (preset.tree === null) return new Set();
  const [guarded] = await call.read(findGuardedBelow(call.db, accountId));
  return new Set(guarded.filter((row) => !isOpen(call, row)).map(({ id }) => id));
}
