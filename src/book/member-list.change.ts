import { decide, plainRef } from "../access/decide.ts";
import { admitsAddress, compileRules } from "../identity/address.ts";
import type { Call } from "../identity/call.ts";
import { type Asked, bookQuery, type BookQuery } from "./member-filter.ts";
import { findBelow } from "./member-list.store.ts";

/** The user book as this caller may see it. @throws Problem access/denied */
export async function bookOf(call: Call, asked: Asked): Promise<BookQuery> {
  call.decide("member.view");
  return bookQuery(asked, [call.principal.accountId, ...await accountsBelow(call)], call.principal.preset.model, call.language);
}

/**
 * Accounts whose members stand in this account's book as well: those that the caller could act on and read the members of, from the
 * address that the call came from. Whoever acts on one account by name sees that one alone.
 */
async function accountsBelow(call: Call): Promise<string[]> {
  const { accountId, home, grantSet, preset: { tree } } = call.principal;
  const reachesAll = grantSet.reaches.get("member.view")?.all === true;
  if (accountId !== home.accountId || !tree?.book || !tree.rights.has("member.view") || !reachesAll || !decide(grantSet, tree.by).allowed) return [];
  const [below] = await call.read(findBelow(call.db, accountId));
  return below.filter(({ id, allowedIps }) => decide(grantSet, tree.by, plainRef(id)).allowed && admitsAddress([compileRules(allowedIps)], call.origin.ip)).map(({ id }) => id);
}
