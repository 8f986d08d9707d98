import type { Area, Preset, Role, RoleScope } from "./preset.ts";
import { type Right, resourceTypeOf } from "./right.ts";

/** A row of the table of roles: an area, and what each role may do in it. */
export interface MatrixRow {
  readonly area: string;
  /**
   * By role: `-` nothing · `V` view · `E` view, create and edit, each with how far it goes and what comes
   * beside it.
   */
  readonly cells: Readonly<Record<string, string>>;
}

/**
 * The table of roles, from the rights that the roles have. Models without areas of their own have one for
 * each type.
 */
export function roleMatrix(preset: Preset): MatrixRow[] {
  const areas = preset.areas ?? areasOfTypes(preset);
  return Object.entries(areas).map(([area, areaRights]) => ({
    area,
    cells: Object.fromEntries(
      Object.entries(preset.roles).map(([name, role]) => [
        name,
        matrixCell(areaRights, role, preset, name === preset.topRole),
      ]),
    ),
  }));
}

const WRITE_VERBS = ["create", "edit"];
const verbOf = (right: Right): string => right.slice(right.indexOf(".") + 1);

/** Every type of the model: V is to view, E to create and edit, and each further verb is named. */
function areasOfTypes({ rights }: Preset): Record<string, Area> {
  const byType = Map.groupBy(rights, resourceTypeOf);
  return Object.fromEntries(
    Array.from(byType, ([type, all]) => {
      const rest = all.filter((right) => verbOf(right) !== "view" && !WRITE_VERBS.includes(verbOf(right)));
      return [
        type,
        {
          V: all.filter((right) => verbOf(right) === "view"),
          E: all.filter((right) => WRITE_VERBS.includes(verbOf(right))),
          namedRights: Object.fromEntries(rest.map((right) => [right, verbOf(right)])),
        },
      ];
    }),
  );
}

function matrixCell(area: Area, role: Role, preset: Preset, isTop: boolean): string {
  const holds = (right: Right) => preset.rights.has(right) && role.rights[right] !== undefined;
  const letter = letterOf(area, preset, holds);
  const whole =
    area.everywhereRight !== undefined && !isTop && role.rights[area.everywhereRight] === "all" ? " all" : "";
  const [first] = area.V.filter(holds);
  const reach =
    letter === ""
      ? ""
      : area.own
        ? " own"
        : first === undefined || area.everywhereRight !== undefined
          ? ""
          : SCOPE_LABELS[role.rights[first] ?? "all"];
  const more = Object.entries(area.namedRights ?? {})
    .filter(([right]) => holds(right as Right))
    .map(([, verb]) => verb);
  const extra =
    letter === "V" && area.whenHeld !== undefined && holds(area.whenHeld.right) ? [area.whenHeld.says] : [];
  const less =
    letter === "V" && area.whenLacking !== undefined && !holds(area.whenLacking.right)
      ? [area.whenLacking.says]
      : [];
  return (
    [`${letter}${reach}${whole}`, ...more, ...extra, ...less].filter((part) => part !== "").join(", ") || "-"
  );
}

/** E: every right of the area to create and edit that the model has. V: any right of the area to view. */
function letterOf({ V, E }: Area, { rights }: Preset, holds: (right: Right) => boolean): "E" | "V" | "" {
  const writing = E.filter((right) => rights.has(right));
  if (writing.length > 0 && writing.every(holds)) return "E";
  return V.some(holds) ? "V" : "";
}

/** How far a right goes, in the words of the table. The table has no word for `all`. */
const SCOPE_LABELS: Readonly<Record<RoleScope, string>> = {
  all: "",
  own: " own",
  active: " active",
  home: " own",
  granted: " granted",
  below: " granted",
  own_or_granted: " own and granted",
  own_or_granted_in: " own and granted",
};
