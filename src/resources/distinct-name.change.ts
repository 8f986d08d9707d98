import { isReservedName } from "../access/reserved-name.ts";
import type { Call } from "../gate/calls/call.ts";
import type { Statement } from "../kernel/db.ts";
import { areNamesAlike } from "../kernel/text/look-alike.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import type { ResourceRow } from "../kernel/schema/resource.ts";
import { guardDistinctName, listNames } from "./distinct-name.store.ts";
import type { StoredType } from "./resource-type.ts";
import { message } from "../kernel/messages/message.ts";

/**
 * No two objects of some types have names in one account that a reader takes for the same, and none has a
 * name that comes with the model. Names from before stay until they are changed. Two at once are told apart
 * by the guard.
 * @throws Problem validation, conflict/duplicate
 */
export async function requireDistinctName(
  call: Call,
  stored: StoredType,
  row: ResourceRow,
): Promise<Statement[]> {
  if (!stored.requiresDistinctNames) return [];
  if (isReservedName(call.principal.preset.model, row.name))
    throw invalidField(`/${stored.nameAttribute}`, message("members.reservedName"));
  const [others] = await call.read(listNames(call.db, row.accountId, row.type));
  if (others.some(({ id, name }) => id !== row.id && areNamesAlike(name, row.name)))
    throw new Problem("conflict/duplicate");
  return [guardDistinctName(call.db, row)];
}
