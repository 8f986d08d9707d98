import { isCustomRole } from "../../access/role-giving.ts";
import type { GrantRow } from "../../access/preset.ts";
import type { Call } from "../../gate/calls/call.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import type { MemberRow } from "../members/member.card.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * Access beyond the roles of the model needs its own right: rights and custom roles need `member.edit`,
 * grants `grant.edit`, object groups `object_group.edit`.
 * @throws Problem access/denied
 */
export function requireRightsForExtras(
  call: Call,
  { rights, roles, objectGroupIds }: Pick<MemberRow, "rights" | "roles" | "objectGroupIds">,
  grants: readonly GrantRow[],
): void {
  if (rights.length > 0 || roles.some(isCustomRole)) call.requireRight("member.edit");
  if (grants.length > 0) call.requireRight("grant.edit");
  if (objectGroupIds.length > 0) call.requireRight("object_group.edit");
}

/** An empty list allows every domain. */
export const isEmailDomainAllowed = (domains: readonly string[], email: string): boolean =>
  domains.length === 0 || domains.includes(email.slice(email.lastIndexOf("@") + 1));

/** @throws Problem validation */
export function requireAllowedEmailDomain(domains: readonly string[], email: string): void {
  if (!isEmailDomainAllowed(domains, email))
    throw invalidField("/email", message("invitations.domains", { domains }));
}
