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
import { customRole, ListedRole, presetRole } from "./role.card.ts";
import { isWithin, seesCustomRoles } from "./role.change.ts";
import { type Level, LEVELS, levelsFrom } from "./role-level.ts";
import { listRoles } from "./role.store.ts";

const query = z.strictObject({
  level: z.enum(LEVELS).optional().describe("Roles of this kind of account: your own, or one below it."),
});

/** The level that is asked for, among those of the account. @throws Problem validation */
function askedLevel(levels: readonly Level[], asked: string): Level {
  const found = levels.find(({ level }) => level === asked);
  if (found === undefined)
    throw invalidParameter("level", `must be one of ${levels.map(({ level }) => level).join(", ")}`);
  return found;
}

const adds = ({ extents }: GrantSet): boolean => extents.has("member.create") || extents.has("member.edit");

/** Whether the caller may give a role of the model; a narrowed key gives none that goes beyond it. */
function mayGive(
  { ownAccount, member, grantSet, memberId, accountId, credential, types }: Principal,
  { preset }: Level,
  set: GrantSet,
  role: string,
): boolean {
  if (!adds(set) || !givableRoles(ownAccount.preset, member.roles).has(role)) return false;
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
function rolesOf({ principal, language }: Call, level: Level, set: GrantSet) {
  return Object.entries(level.preset.roles)
    .map(([key, role]) => presetRole(level, key, role, language, mayGive(principal, level, set, key)))
    .sort((one, two) => two.rank - one.rank);
}

const list = endpoint(
  {
    method: "GET",
    path: "/v1/roles",
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    query,
    summary:
      "The roles of the account, its own ones with them, and those that you may give in accounts below.",
    answer: z.object({ data: z.array(ListedRole) }),
  },
  async (call) => {
    const { principal } = call;
    const asked = call.query().level;
    const [own, ...below] = levelsFrom(principal);
    const belowSet = compileGrantSetBelow(principal.grantSet, principal.ownAccount.preset);
    if (asked !== undefined && asked !== own.level)
      return { status: 200, body: { data: rolesOf(call, askedLevel(below, asked), belowSet) } };
    const [rows] = seesCustomRoles(principal)
      ? await call.read(listRoles(call.db, principal.accountId))
      : [[]];
    const custom = rows.map((row) =>
      customRole(own.level, row, adds(principal.grantSet) && isWithin(principal, row)),
    );
    const children =
      asked === undefined
        ? below.flatMap((level) => rolesOf(call, level, belowSet).filter((role) => role.mayGive))
        : [];
    return {
      status: 200,
      body: { data: [...rolesOf(call, own, principal.grantSet), ...custom, ...children] },
    };
  },
);

const Matrix = z.object({
  levels: z.array(z.string()),
  columns: z.array(z.object({ role: z.string(), level: z.string(), name: z.string(), rank: z.number() })),
  rows: z.array(
    z.object({
      area: z.string(),
      title: z.string(),
      cells: z
        .record(z.string(), z.string())
        .describe(
          "By role: - nothing, V view, E view, create and edit; then how far (own, all, active, granted), " +
            "and after commas what is added or excluded.",
        ),
    }),
  ),
});

/** One table of several levels: a role that stands on two of them is the same on both. */
function tableOf({ language }: Call, levels: readonly Level[]): z.infer<typeof Matrix> {
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
    tag: "Roles and rights",
    right: "member",
    status: 200,
    localized: true,
    query,
    summary: "The table of roles: what each may do in each area, of the account and of those below it.",
    answer: Matrix,
  },
  async (call) => {
    // A member who decides about a role sees it before it is switched on.
    const levels = levelsFrom(call.principal, true);
    const asked = call.query().level;
    return { status: 200, body: tableOf(call, asked === undefined ? levels : [askedLevel(levels, asked)]) };
  },
);

export const roleEndpoints = [list, table];
