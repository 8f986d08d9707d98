import { contributions } from "./contribution.ts";
import type { GrantRow, Preset } from "./preset.ts";
import { type Right, RIGHT_NAMES } from "./right.ts";
import type { TypeAccess, TypeTable } from "./resource-type.ts";

/** What one grant gives: a row of the table of access levels. */
export interface GrantRule {
  readonly resourceType: string;
  readonly access: GrantRow["access"];
  /** "0" is every object of the type, those made later too; "id" is one object. */
  readonly resourceId: "0" | "id";
  /** On the type itself. */
  readonly gives: readonly Right[];
  /** On types below, for what belongs to the objects granted. */
  readonly derives: readonly Right[];
  /** It gives no right by itself: it says where the rights of one's role hold. */
  readonly isReach: boolean;
}

/** The model knows something that the grant would give. */
export const isGrantable = (type: TypeAccess, preset: Preset): boolean =>
  type.grants !== "none" &&
  [type.name, ...Object.keys(type.derives)].some((name) =>
    Array.from(preset.rights).some((right) => right.startsWith(`${name}.`)),
  );

const ACCESS = ["view", "edit", "owner"] as const;

/**
 * Every grant that the model knows, with what it gives: computed by the function that decides, so that the
 * table is always true.
 */
export const grantTable = (preset: Preset, types: TypeTable): GrantRule[] =>
  Array.from(types.values())
    .filter((type) => isGrantable(type, preset))
    .flatMap((type) => {
      const levels = type.grants === "reach" ? ["view" as const] : ACCESS;
      const places = type.grants === "whole" ? ["0" as const] : ["0" as const, "id" as const];
      return levels.flatMap((access) =>
        places.map((resourceId) => grantRule(type, access, resourceId, preset, types)),
      );
    });

function grantRule(
  type: TypeAccess,
  access: GrantRow["access"],
  resourceId: "0" | "id",
  preset: Preset,
  types: TypeTable,
): GrantRule {
  const found = contributions(
    {
      memberId: "",
      accountId: "",
      roles: [],
      customRoles: [],
      rights: [],
      objectGroupIds: [],
      scopes: null,
      grants: [{ resourceType: type.name, resourceId, access }],
    },
    preset,
    types,
  );
  const from = (source: string) => {
    const held = new Set(found.filter((each) => each.source.startsWith(source)).map(({ right }) => right));
    return RIGHT_NAMES.filter((right) => held.has(right));
  };
  return {
    resourceType: type.name,
    access,
    resourceId,
    gives: from("grant:"),
    derives: from("derived:"),
    isReach: type.grants === "reach",
  };
}
