import type { AssignedAccess } from "../../access/assignment.ts";
import { contributions } from "../../access/contribution.ts";
import type { Preset } from "../../access/preset.ts";
import { isReadRight } from "../../access/right.ts";
import type { TypeTable } from "../../access/resource-type.ts";

export interface ReaderFault {
  readonly pointer: `/${string}`;
  readonly detail: string;
}

/** Roles of the model whose holders only look. */
export const readerRoles = ({ roles }: Preset): string[] =>
  Object.entries(roles).flatMap(([name, { isReadOnly }]) => (isReadOnly ? [name] : []));

/** Does this part of a member's access alone allow writing or spending? */
export function writes(preset: Preset, types: TypeTable, part: Partial<AssignedAccess>): boolean {
  const source = {
    memberId: "",
    accountId: "",
    roles: [],
    customRoles: [],
    rights: [],
    grants: [],
    objectGroupIds: [],
    scopes: null,
    ...part,
  };
  return contributions(source, preset, types).some(({ right }) => !isReadRight(right));
}

/**
 * What a member whose roles only look may not have: a right, custom role or grant that writes or spends. Null
 * where nothing is wrong.
 */
export function readerFault(
  preset: Preset,
  types: TypeTable,
  { roles, customRoles, rights, grants }: AssignedAccess,
): ReaderFault | null {
  const named = roles.filter((role) => Object.hasOwn(preset.roles, role));
  const readers = readerRoles(preset);
  if (named.length === 0 || !named.every((role) => readers.includes(role))) return null;
  const detail = `writes or spends: that does not go with the role ${named.join(", ")}, which only looks`;
  const right = rights.findIndex((each) => writes(preset, types, { rights: [each] }));
  if (right >= 0) return { pointer: `/rights/${right}`, detail };
  const custom = customRoles.find((role) => writes(preset, types, { customRoles: [role] }));
  if (custom !== undefined) return { pointer: `/roles/${roles.indexOf(custom.key)}`, detail };
  const grant = grants.findIndex((each) => writes(preset, types, { grants: [each] }));
  return grant >= 0 ? { pointer: `/grants/${grant}/access`, detail } : null;
}
