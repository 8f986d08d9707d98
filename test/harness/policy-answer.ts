import { type Holder, may, type Thing } from "./policy.ts";

/**
 * What a call on one object is answered: what may not be seen is not there; what may be seen but not done is
 * refused.
 */
export function answerOne(
  holder: Holder,
  verb: "view" | "edit" | "update" | "delete",
  thing: Thing,
): "yes" | 403 | 404 {
  // A write needs view too. The member must have it; the key's scopes do not count here.
  if (may(holder, verb, thing.type, thing))
    return verb === "view" || may({ ...holder, scopes: null }, "view", thing.type, thing) ? "yes" : 404;
  return may(holder, "view", thing.type, thing) ? 403 : 404;
}

/** What adding an object is answered. The parent is null where the type has none. */
export function answerNew(holder: Holder, type: string, parent: Thing | null): "yes" | 403 | 404 {
  if (!may(holder, "create", type)) return 403;
  if (parent !== null && !may(holder, "view", parent.type, parent)) return 404;
  const rootId = parent === null ? null : (parent.rootId ?? parent.id);
  return may(holder, "create", type, {
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
export const answerList = (holder: Holder, type: string, things: readonly Thing[]): readonly Thing[] | 403 =>
  may(holder, "view", type)
    ? things.filter((thing) => thing.type === type && may(holder, "view", type, thing))
    : 403;
