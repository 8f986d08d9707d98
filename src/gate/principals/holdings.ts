import type { AssignedAccess } from "../../access/assignment.ts";
import type { CustomRole } from "../../access/contribution.ts";
import { compileGrantSet } from "../../access/grant-set.ts";
import { type Giver, canMakeKey } from "../../access/role-giving.ts";
import type { Principal } from "./principal.ts";

/** All that decides what a member may do. */
export interface Holdings extends AssignedAccess {
  readonly objectGroupIds: readonly string[];
}

type PresetContext = Pick<Principal, "memberId" | "accountId" | "preset" | "types">;

/** What custom roles alone give in the account that the call acts on. */
export const customRoleGrantSet = (
  { memberId, accountId, preset, types }: PresetContext,
  customRoles: readonly CustomRole[],
) =>
  compileGrantSet(
    { memberId, accountId, roles: [], customRoles, rights: [], grants: [], objectGroupIds: [], scopes: null },
    preset,
    types,
  );

/** May the actor make a key for this member of that account? */
export function canMakeKeyFor(actor: Giver, target: Holdings, where: PresetContext): boolean {
  const { memberId, accountId, preset, types } = where;
  const given = compileGrantSet({ ...target, memberId, accountId, roles: [], scopes: null }, preset, types);
  return canMakeKey(
    actor,
    { ...target, customGrantSet: customRoleGrantSet(where, target.customRoles) },
    given,
    types,
  );
}
