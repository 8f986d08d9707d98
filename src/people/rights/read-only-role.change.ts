import type { Call } from "../../gate/calls/call.ts";
import type { Statement } from "../../kernel/db.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { RoleRow } from "../../kernel/schema/team.ts";
import { hasWriteRights, readOnlyRoles } from "./read-only-role.ts";
import { selectHasReadOnlyMembers, guardNoReadOnlyMembers } from "./role.store.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * A custom role that members with read-only roles have already gets nothing that writes or spends.
 * @throws Problem validation
 */
export async function requireReadOnlyContent(call: Call, after: RoleRow): Promise<Statement[]> {
  const { preset, accountId, types } = call.principal;
  const readers = readOnlyRoles(preset);
  if (readers.length === 0 || !hasWriteRights(preset, types, { customRoles: [{ ...after, key: after.id }] }))
    return [];
  const others = Object.keys(preset.roles).filter((role) => !readers.includes(role));
  const [[found]] = await call.read(
    selectHasReadOnlyMembers(call.db, accountId, after.id, { readOnly: readers, writing: others }),
  );
  if (found?.any === 1) {
    const detail = message("members.readersHaveRole");
    throw new Problem("validation", { errors: [{ pointer: "/rights", detail }] });
  }
  return [guardNoReadOnlyMembers(call.db, accountId, after.id, { readOnly: readers, writing: others })];
}
