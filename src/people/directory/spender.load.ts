import { decide, memberRef } from "../../access/decision.ts";
import type { Call } from "../../gate/calls/call.ts";
import { loadSelfOrMember } from "../members/member.load.ts";

/**
 * Loads the member whose spending is asked for. Their own: for callers who may spend or see it. Another's:
 * for callers who may see that member and the spending of all members.
 * @throws Problem not-found, access/denied
 */
export async function loadSpender(call: Call): Promise<Awaited<ReturnType<typeof loadSelfOrMember>>> {
  const found = await loadSelfOrMember(call);
  const isOwn = found.row.id === call.principal.memberId;
  // A right to one's own numbers is none to others'.
  if (!(isOwn && decide(call.principal.grantSet, "credits.spend").allowed))
    call.requireRight("credits.view", memberRef(found.row.id));
  return found;
}
