import { z } from "zod";
import { RightName } from "../../access/right-name.ts";
import type { Role } from "../../access/preset.ts";
import { type Right, RIGHT_NAMES } from "../../access/right.ts";
import { ROLE_TEXTS } from "../../access/role-text.ts";
import { displayName, multilineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import type { Locale, RoleRow } from "../../kernel/schema/team.ts";
import { Grant, Grants } from "./grant.card.ts";
import type { RoleLevel } from "./role-level.ts";

const roleFields = {
  name: displayName(100),
  description: multilineText(500),
  rights: z.array(RightName).max(RIGHT_NAMES.length).describe("None beyond your own."),
  grants: Grants,
};

export const NewRole = z
  .strictObject({
    ...roleFields,
    description: roleFields.description.default(""),
    rights: roleFields.rights.default([]),
    grants: roleFields.grants.default([]),
  })
  .meta({ id: "NewRole" });

export const RolePatch = z.strictObject(z.object(roleFields).partial().shape).meta({ id: "RolePatch" });

export const CustomRoleCard = z
  .object({
    id: z.string().describe("What stands among the roles of a member who has it."),
    name: z.string(),
    description: z.string(),
    rights: z.array(z.string()),
    grants: z.array(Grant),
    createdBy: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "CustomRole" });

export const customRoleCard = (row: RoleRow) => ({
  id: row.id,
  name: row.name,
  description: row.description,
  rights: row.rights,
  grants: row.grants,
  createdBy: row.createdBy,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  version: row.version,
});

/** Each once, in the order in which rights are listed everywhere. */
export const sortRights = (rights: readonly string[]): Right[] =>
  RIGHT_NAMES.filter((right) => rights.includes(right));

export const ListedRole = z
  .object({
    key: z.string().describe("What stands among the roles of a member: the id, for custom roles."),
    level: z
      .string()
      .describe("The kind of account whose members have it; customer stands for an organization."),
    rank: z.number().describe("For sorting: the higher, the more. Custom roles have 0."),
    preset: z.boolean().describe("false: the account made it for itself."),
    name: z.string(),
    description: z.string(),
    rights: z.array(
      z.object({
        right: z.string(),
        scope: z
          .string()
          .describe(
            "all, own, active, home, granted, below, own_or_granted, own_or_granted_in: " +
              "see the reference of roles.",
          ),
      }),
    ),
    grants: z.array(Grant),
    mayInvite: z.array(z.string()).describe("Roles that its holders may give."),
    suggested: z.boolean().describe("The role that is suggested for new members of this level."),
    mayGive: z.boolean().describe("This credential may give it."),
  })
  .meta({ id: "Role" });

/** A role of the model. */
export function listedPresetRole(
  { level, preset }: RoleLevel,
  key: string,
  role: Role,
  language: Locale,
  mayGive: boolean,
): z.infer<typeof ListedRole> {
  const text = ROLE_TEXTS[preset.model]?.[key];
  return {
    key,
    level,
    rank: role.rank,
    preset: true,
    name: text?.name[language] ?? key,
    description: text?.description[language] ?? "",
    rights: RIGHT_NAMES.flatMap((right) =>
      role.rights[right] === undefined || !preset.rights.has(right)
        ? []
        : [{ right, scope: role.rights[right] }],
    ),
    grants: [],
    mayInvite: [...role.mayInvite],
    suggested: preset.suggestedRole === key,
    mayGive,
  };
}

/** A role that the account made for itself. */
export const listedCustomRole = (
  level: string,
  row: RoleRow,
  mayGive: boolean,
): z.infer<typeof ListedRole> => ({
  key: row.id,
  level,
  rank: 0,
  preset: false,
  name: row.name,
  description: row.description,
  rights: row.rights.map((right) => ({ right, scope: "all" })),
  grants: row.grants,
  mayInvite: [],
  suggested: false,
  mayGive,
});
