import type { GrantRow, Preset } from "../../access/preset.ts";
import { resourceTypeOf } from "../../access/right.ts";
import type { Call } from "../../gate/calls/call.ts";
import { ownerAccountIdOf } from "../../gate/principals/principal.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { missingGrantType } from "../../access/assignment.ts";
import { findAccountsBelow, findObjectsByKey, type ObjectKey } from "./grant.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** An object that a grant names; "0" belongs to nothing. */
export interface GrantTarget {
  readonly parentId: string | null;
}

/**
 * The object of each grant, null where there is none: the account's own, the one that another account keeps
 * for it, or an account below. One read, however many.
 */
export async function loadGrantTargets(
  call: Call,
  grants: readonly GrantRow[],
): Promise<(GrantTarget | null)[]> {
  const { accountId, preset, types } = call.principal;
  const singleGrants = grants.filter(({ resourceId }) => resourceId !== "0");
  const accountGrants = singleGrants.filter(
    ({ resourceType }) => preset.tree !== null && resourceType === resourceTypeOf(preset.tree.reachingRight),
  );
  const objectKeyOf = ({ resourceType, resourceId }: GrantRow): ObjectKey => {
    const type = types.get(resourceType);
    return {
      accountId: ownerAccountIdOf(call.principal, type ?? {}),
      type: type?.grantedType ?? resourceType,
      id: resourceId,
    };
  };
  const objectKeys = singleGrants.filter((grant) => !accountGrants.includes(grant)).map(objectKeyOf);
  const [rows, below] =
    singleGrants.length === 0
      ? [[], []]
      : await call.read(
          findObjectsByKey(call.db, objectKeys),
          findAccountsBelow(
            call.db,
            accountId,
            accountGrants.map(({ resourceId }) => resourceId),
          ),
        );
  return grants.map((grant) => {
    if (grant.resourceId === "0") return { parentId: null };
    if (accountGrants.includes(grant)) return below.find(({ id }) => id === grant.resourceId) ?? null;
    const { type, id } = objectKeyOf(grant);
    return rows.find((row) => row.type === type && row.id === id) ?? null;
  });
}

/** @throws Problem validation when a grant names nothing that this account sees */
export async function requireGrantTargets(call: Call, grants: readonly GrantRow[]): Promise<void> {
  const unknown = (await loadGrantTargets(call, grants)).indexOf(null);
  if (unknown >= 0) throw invalidField(`/grants/${unknown}/resourceId`, message("members.noObject"));
}

/** @throws Problem validation when a role needs a grant that is not among these */
export function requireGrantsOfRoles(
  preset: Preset,
  roles: readonly string[],
  grants: readonly GrantRow[],
  pointer: `/${string}`,
): void {
  const type = missingGrantType(preset, roles, grants);
  if (type !== null) throw invalidField(pointer, message("members.keepsOneGrant", { type }));
}
