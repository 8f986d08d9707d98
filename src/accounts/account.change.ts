import type { Right } from "../access/right.ts";
import { bumpAccountsBelow } from "../access/stamp.store.ts";
import { diffFields } from "../audit/chain/difference.ts";
import type { Call, Change } from "../gate/calls/call.ts";
import { nextVersion } from "../kernel/version.ts";
import { accountCard, type AccountRow } from "./account.card.ts";
import { guardAccount, updateAccount } from "./account.store.ts";

/**
 * An account after its change, and the event in both audit logs: the account's own, and the one of the
 * account above that changes it.
 */
export function prepareAccountChange(
  call: Pick<Call, "db" | "now" | "principal" | "event">,
  row: AccountRow,
  updated: AccountRow,
  action: Right,
): { after: AccountRow; change: Change } {
  const after = nextVersion(row, updated, call.now);
  if (after === row) return { after, change: { statements: [guardAccount(call.db, row)], events: [] } };
  const changes = diffFields(accountCard(row), accountCard(after));
  const chains = new Set([row.id, call.principal.accountId]);
  return {
    after,
    change: {
      statements: [
        guardAccount(call.db, row),
        updateAccount(call.db, after),
        bumpAccountsBelow(call.db, row.id),
      ],
      events: [...chains].map((accountId) =>
        call.event(action, { type: "account", id: row.id }, { accountId, changes }),
      ),
    },
  };
}
