import type { Given } from "../../access/assignment.ts";
import type { CustomRole } from "../../access/contribution.ts";
import { compile } from "../../access/grant-set.ts";
import { type Actor, mayMakeKey } from "../../access/invite.ts";
import type { Principal } from "./principal.ts";

/** All that decides what a member may do. */
export interface Holdings extends Given {
  readonly objectGroupIds: readonly string[];
}

type Where = Pick<Principal, "memberId" | "accountId" | "preset" | "types">;

/** What custom roles alone give in the account that the call acts on. */
export const customSet = (
  { memberId, accountId, preset, types }: Where,
  customRoles: readonly CustomRole[],
) =>
  compile(
    { memberId, accountId, roles: [], customRoles, rights: [], grants: [], objectGroupIds: [], scopes: null },
    preset,
    types,
  );

/** May the actor make a key for this member of that account? */
export function mayMakeKeyFor(actor: Actor, target: Holdings, where: Where): boolean {
  const { memberId, accountId, preset, types } = where;
  const given = compile({ ...target, memberId, accountId, roles: [], scopes: null }, preset, types);
  return mayMakeKey(actor, { ...target, custom: customSet(where, target.customRoles) }, given, types);
}
