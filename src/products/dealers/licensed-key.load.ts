import { refById } from "../../access/decision.ts";
import type { Right } from "../../access/right.ts";
import type { Call } from "../../gate/calls/call.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import { NO_OBJECT } from "../../resources/object-reference.load.ts";
import { toResourceRef } from "../../resources/resource.card.ts";
import { findResource } from "../../resources/resource.store.ts";

/**
 * The key that a license is generated for. The caller needs no right to see keys, but must see the key's
 * object: who looks after a place knows which keys run there. A missing key is decided like one out of reach.
 * @throws Problem access/denied, not-found
 */
export async function loadLicensedKey(
  call: Call,
  right: Right,
  id: string,
  notFound?: Problem,
): Promise<ResourceRow> {
  const { accountId } = call.principal;
  const [[key]] = await call.read(findResource(call.db, accountId, "key", id));
  const ref = key === undefined ? refById(id) : toResourceRef(key);
  // A key that the body names is asked for after the right to any. A key in the path that the caller sees may
  // be answered with a missing right.
  if (notFound !== undefined) call.requireRight(right);
  call.requireRight(right, ref, notFound ?? (key === undefined || "key.view"));
  if (key === undefined) throw notFound ?? new Problem("not-found");
  const [[object]] = await call.read(findResource(call.db, accountId, "object", key.parentId ?? ""));
  call.requireView("object.view", object === undefined ? NO_OBJECT : toResourceRef(object), notFound);
  return key;
}
