import { ROLE_TEXTS } from "../../access/role-text.ts";
import type { Call } from "../../gate/calls/call.ts";
import { canSeeCustomRoles } from "../rights/role.change.ts";
import { listRoles } from "../rights/role.store.ts";

/** What a role is called in the language of the call; its key, where the caller may not know its name. */
export async function loadRoleNames(call: Call): Promise<(key: string) => string> {
  const { db, language, principal } = call;
  const [rows] = canSeeCustomRoles(principal) ? await call.read(listRoles(db, principal.accountId)) : [[]];
  const custom = new Map(rows.map(({ id, name }) => [id, name]));
  const texts = ROLE_TEXTS[principal.preset.model] ?? {};
  return (key) =>
    custom.get(key) ?? (Object.hasOwn(texts, key) ? texts[key]?.name[language] : undefined) ?? key;
}
