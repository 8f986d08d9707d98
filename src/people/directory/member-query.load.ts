import { decide, refById } from "../../access/decision.ts";
import { rightsShownBelow } from "../../access/grant-set.ts";
import { isOpenToCaller } from "../../gate/calls/below.load.ts";
import type { Call } from "../../gate/calls/call.ts";
import { restrictionOf } from "../../gate/credentials/key-restriction.ts";
import { type MemberSearch, toMemberQuery, type MemberQuery } from "./member-query.ts";
import { findBelow } from "./member-list.store.ts";

/** The user book as this caller may see it. @throws Problem access/denied */
export async function loadMemberQuery(call: Call, search: MemberSearch): Promise<MemberQuery> {
  const { accountId, grantSet, preset } = call.principal;
  const below = canSeeMembersBelow(call) ? await loadOpenBelow(call) : null;
  // Who sees what sub-dealers have sees their users, also without a look into the book of the own account.
  if (below === null) call.requireRight("member.view");
  const own = decide(grantSet, "member.view").allowed ? [accountId] : [];
  return toMemberQuery(search, [...own, ...(below ?? [])], preset.model, call.language);
}

/**
 * Are members of accounts below in this account's book as well? A call that acts on one account by name sees
 * that one alone.
 */
function canSeeMembersBelow({
  principal: {
    accountId,
    ownAccount,
    grantSet,
    credential,
    preset: { tree },
  },
}: Call): boolean {
  if (accountId !== ownAccount.accountId || !tree?.listsMembersBelow) return false;
  return (
    decide(grantSet, tree.reachingRight).allowed &&
    rightsShownBelow(tree, restrictionOf(credential).scopes).includes("member.view")
  );
}

/** Those that the caller could act on, from the address that the call came from. */
async function loadOpenBelow(call: Call): Promise<string[]> {
  const {
    accountId,
    grantSet,
    preset: { tree },
  } = call.principal;
  if (tree === null) return [];
  const [below] = await call.read(findBelow(call.db, accountId));
  const isInExtent = (id: string) => decide(grantSet, tree.reachingRight, refById(id)).allowed;
  return below.filter((row) => isInExtent(row.id) && isOpenToCaller(call, row)).map(({ id }) => id);
}
