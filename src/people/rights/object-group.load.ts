import { EVERY_GROUP } from "../../access/grant-set.ts";
import type { Call } from "../../gate/calls/call.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { findObjectsByKey } from "./grant.store.ts";
import { message } from "../../kernel/messages/message.ts";

/** @param pointer to the list in the body @throws Problem validation */
export async function requireKnownGroups(
  call: Call,
  groupIds: readonly string[],
  pointer: `/${string}`,
): Promise<void> {
  if (groupIds.length === 0) return;
  const { accountId } = call.principal;
  const [found] = await call.read(
    findObjectsByKey(
      call.db,
      groupIds.map((id) => ({ accountId, type: "object_group", id })),
    ),
  );
  const unknown = groupIds.findIndex((id) => id !== EVERY_GROUP && !found.some((group) => group.id === id));
  if (unknown >= 0) throw invalidField(`${pointer}/${unknown}`, message("members.noObjectGroup"));
}
