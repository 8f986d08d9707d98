import { findAccount } from "../gate/credentials/account.store.ts";
import type { Call, Results } from "../gate/calls/call.ts";
import type { Statement } from "../kernel/db.ts";
import { Problem } from "../kernel/http/problem.ts";
import type { AccountRow } from "./account.card.ts";

/**
 * The tenant that a member of the platform names, in one guarded read with what else is asked.
 * @throws Problem access/denied, not-found
 */
export async function loadTenant<const T extends readonly Statement[]>(
  call: Call,
  ...statements: T
): Promise<[AccountRow, ...Results<T>]> {
  const [[row], ...rest] = await call.read(findAccount(call.db, call.params["id"] ?? ""), ...statements);
  call.requireRight("account.manage");
  if (row === undefined || row.kind === "platform") throw new Problem("not-found");
  return [row, ...(rest as unknown as Results<T>)];
}
