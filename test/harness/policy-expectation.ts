import { type PolicyMember, isAllowed, type PolicyObject } from "./policy.ts";

/**
 * What a call on one object is answered: what may not be seen is not there; what may be seen but not done is
 * refused.
 */
export function expectedForOne(
  holder: PolicyMember,
  verb: "view" | "edit" | "update" | "delete",
  thing: PolicyObject,
): "yes" | 403 | 404 {
  // A write needs view too. The member must have it; the key's scopes do not count here.
  if (isAllowed(holder, verb, thing.type, thing))
    return verb === "view" || isAllowed({ ...holder, scopes: null }, "view", thing.type, thing) ? "yes" : 404;
  return isAllowed(holder, "view", thing.type, thing) ? 403 : 404;
}

/** What adding an object is answered. The parent is null where the type has none. */
export function expectedForNew(
  holder: PolicyMember,
  type: string,
  parent: PolicyObject | null,
): "yes" | 403 | 404 {
  if (!isAllowed(holder, "create", type)) return 403;
  if (parent !== null && !isAllowed(holder, "view", parent.type, parent)) return 404;
  const rootId = parent === null ? null : (parent.rootId ?? parent.id);
  return isAllowed(holder, "create", type, {
    type,
    id: "",
    rootId,
    ownerId: holder.memberId,
    groupId: parent?.groupId ?? null,
    status: "active",
  })
    ? "yes"
    : 403;
}

/** The rows of a list, or 403 where nothing of the type may be seen at all. */
export const expectedForList = (
  holder: PolicyMember,
  type: string,
  things: readonly PolicyObject[],
): readonly PolicyObject[] | 403 =>
  isAllowed(holder, "view", type)
    ? things.filter((thing) => thing.type === type && isAllowed(holder, "view", type, thing))
    : 403;
