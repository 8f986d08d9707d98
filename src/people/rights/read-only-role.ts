import type { AssignedAccess } from "../../access/assignment.ts";
import { contributions } from "../../access/contribution.ts";
import type { Preset } from "../../access/preset.ts";
import { isReadRight } from "../../access/right.ts";
import type { TypeTable } from "../../access/resource-type.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { message, type Message } from "../../kernel/messages/message.ts";

export interface ReadOnlyFault {
  readonly pointer: `/${string}`;
  readonly detail: Message;
}

/** Roles of the model whose holders only look. */
export const readOnlyRoles = ({ roles }: Preset): string[] =>
  Object.entries(roles).flatMap(([name, { isReadOnly }]) => (isReadOnly ? [name] : []));

/** Does this part of a member's access alone allow writing or spending? */
export function hasWriteRights(
  preset: Preset,
  types: TypeTable,
  accessPart: Partial<AssignedAccess>,
): boolean {
  const source = {
    memberId: "",
    accountId: "",
    roles: [],
    customRoles: [],
    rights: [],
    grants: [],
    objectGroupIds: [],
    scopes: null,
    ...accessPart,
  };
  return contributions(source, preset, types).some(({ right }) => !isReadRight(right));
}

/**
 * What a member whose roles only look may not have: a right, custom role or grant that writes or spends. Null
 * where nothing is wrong.
 */
export function findReadOnlyFault(
  preset: Preset,
  types: TypeTable,
  { roles, customRoles, rights, grants }: AssignedAccess,
): ReadOnlyFault | null {
  const modelRoles = roles.filter((role) => Object.hasOwn(preset.roles, role));
  const readers = readOnlyRoles(preset);
  if (modelRoles.length === 0 || !modelRoles.every((role) => readers.includes(role))) return null;
  const detail = message("members.readerRole", { roles: modelRoles });
  const right = rights.findIndex((each) => hasWriteRights(preset, types, { rights: [each] }));
  if (right >= 0) return { pointer: `/rights/${right}`, detail };
  const customRole = customRoles.find((role) => hasWriteRights(preset, types, { customRoles: [role] }));
  if (customRole !== undefined) return { pointer: `/roles/${roles.indexOf(customRole.key)}`, detail };
  const grant = grants.findIndex((each) => hasWriteRights(preset, types, { grants: [each] }));
  return grant >= 0 ? { pointer: `/grants/${grant}/access`, detail } : null;
}

/**
 * Every way by which a member is given roles, rights or grants asks this of all that the member then has: a
 * member who only looks is given nothing that writes or spends. @throws Problem validation
 */
export function requireReadOnlyAccess(
  { preset, types }: Pick<Principal, "preset" | "types">,
  access: AssignedAccess,
): void {
  const fault = findReadOnlyFault(preset, types, access);
  if (fault !== null) throw invalidField(fault.pointer, fault.detail);
}
