import { z } from "zod";
import { AREA_TEXTS, typeText } from "../../access/area-text.ts";
import type { GrantSet } from "../../access/decision.ts";
import { compileGrantSet, compileGrantSetBelow, isGrantSubset } from "../../access/grant-set.ts";
import { givableRoles } from "../../access/role-giving.ts";
import { roleMatrix } from "../../access/matrix.ts";
import { ROLE_TEXTS } from "../../access/role-text.ts";
import { type Call, endpoint } from "../../gate/calls/call.ts";
import { restrictionOf } from "../../gate/credentials/key-restriction.ts";
import type { Principal } from "../../gate/principals/principal.ts";
import { invalidParameter } from "../../kernel/http/problem.ts";
import { listedCustomRole, ListedRole, listedPresetRole } from "./role.card.ts";
import { isWithinOwnRights, canSeeCustomRoles } from "./role.change.ts";
import { type RoleLevel, ROLE_LEVELS, roleLevelsFrom } from "./role-level.ts";
import { listRoles } from "./role.store.ts";
import { message } from "../../kernel/messages/message.ts";

const levelQuery = z.strictObject({
  level: z.enum(ROLE_LEVELS).optional().describe("Roles of this kind of account: your own, or one below it."),
});

/** The level that is asked for, among those of the account. @throws Problem validation */
function requireLevel(levels: readonly RoleLevel[], levelName: string): RoleLevel {
  const found = levels.find(({ level }) => level === levelName);
  if (found === undefined)
    throw invalidParameter("level", message("members.levels", { levels: levels.map(({ level }) => level) }));
  return found;
}

const canAddMembers = ({ extents }: GrantSet): boolean =>
  extents.has("member.create") || extents.has("member.edit");

/** Whether the caller may give a role of the model; a narrowed key gives none that goes beyond it. */
function canGiveRole(
  { ownAccount, member, grantSet, memberId, accountId, credential, types }: Principal,
  { preset }: RoleLevel,
  inviterGrantSet: GrantSet,
  role: string,
): boolean {
  if (!canAddMembers(inviterGrantSet) || !givableRoles(ownAccount.preset, member.roles).has(role))
    return false;
  if (restrictionOf(credential).scopes === null) return true;
  const source = {
    memberId,
    accountId,
    roles: [role],
    customRoles: [],
    rights: [],
    grants: [],
    objectGroupIds: [],
    scopes: null,
  };
  return isGrantSubset(compileGrantSet(source, preset, types), grantSet);
}

/** The roles of a level, the mightiest first. */
function listedRolesOf({ principal, language }: Call, level: RoleLevel, inviterGrantSet: GrantSet) {
  return Object.entries(level.preset.roles)
    .map(([key, role]) =>
      listedPresetRole(level, key, role, language, canGiveRole(principal, level, inviterGrantSet, key)),
    )
    .sort((one, two) => two.rank - one.rank);
}

const list = endpoint(
  {
    method: "GET",
    path: "/v1/roles",
    operationId: "listRoles",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    query: levelQuery,
    summary:
      "The roles of the account, its own ones with them, and those that you may give in accounts below.",
    answer: z.object({ data: z.array(ListedRole) }).meta({ id: "RoleList" }),
  },
  async (call) => {
    const { principal } = call;
    const levelName = call.query().level;
    const [ownLevel, ...levelsBelow] = roleLevelsFrom(principal);
    const grantSetBelow = compileGrantSetBelow(principal.grantSet, principal.ownAccount.preset);
    if (levelName !== undefined && levelName !== ownLevel.level)
      return {
        status: 200,
        body: { data: listedRolesOf(call, requireLevel(levelsBelow, levelName), grantSetBelow) },
      };
    const [rows] = canSeeCustomRoles(principal)
      ? await call.read(listRoles(call.db, principal.accountId))
      : [[]];
    const customRoles = rows.map((row) =>
      listedCustomRole(
        ownLevel.level,
        row,
        canAddMembers(principal.grantSet) && isWithinOwnRights(principal, row),
      ),
    );
    const children =
      levelName === undefined
        ? levelsBelow.flatMap((level) =>
            listedRolesOf(call, level, grantSetBelow).filter((role) => role.mayGive),
          )
        : [];
    return {
      status: 200,
      body: { data: [...listedRolesOf(call, ownLevel, principal.grantSet), ...customRoles, ...children] },
    };
  },
);

const Matrix = z
  .object({
    levels: z.array(z.string()),
    columns: z.array(z.object({ role: z.string(), level: z.string(), name: z.string(), rank: z.number() })),
    rows: z.array(
      z.object({
        area: z.string(),
        title: z.string(),
        cells: z
          .record(z.string(), z.string())
          .describe(
            "By role: - nothing, V view, E view, create and edit; " +
              "then how far (own, all, active, granted), and after commas what is added or excluded.",
          ),
      }),
    ),
  })
  .meta({ id: "RoleMatrix" });

/** One table of several levels: a role that stands on two of them is the same on both. */
function toMatrixCard({ language }: Call, levels: readonly RoleLevel[]): z.infer<typeof Matrix> {
  const columns = levels.flatMap(({ level, preset }) =>
    Object.entries(preset.roles).map(([role, { rank }]) => ({
      role,
      level,
      name: ROLE_TEXTS[preset.model]?.[role]?.name[language] ?? role,
      rank,
    })),
  );
  const tables = levels.map(({ preset }) => roleMatrix(preset));
  const areas = [...new Set(tables.flatMap((table) => table.map(({ area }) => area)))];
  return {
    levels: levels.map(({ level }) => level),
    columns: columns.filter(({ role }, index) => columns.findIndex((each) => each.role === role) === index),
    rows: areas.map((area) => ({
      area,
      title: (AREA_TEXTS[area] ?? typeText(area))[language],
      cells: Object.assign(
        {},
        ...tables.toReversed().map((table) => table.find((row) => row.area === area)?.cells ?? {}),
      ) as Record<string, string>,
    })),
  };
}

const table = endpoint(
  {
    method: "GET",
    path: "/v1/roles/matrix",
    operationId: "getRoleMatrix",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    query: levelQuery,
    summary: "The table of roles: what each may do in each area, of the account and of those below it.",
    answer: Matrix,
  },
  async (call) => {
    // A member who decides about a role sees it before it is switched on.
    const levels = roleLevelsFrom(call.principal, true);
    const levelName = call.query().level;
    return {
      status: 200,
      body: toMatrixCard(call, levelName === undefined ? levels : [requireLevel(levels, levelName)]),
    };
  },
);

export const roleEndpoints = [list, table];
