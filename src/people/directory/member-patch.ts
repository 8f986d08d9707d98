import { z } from "zod";
import { ACCOUNT_TYPES } from "../members/account-type.ts";
import {
  GroupIds,
  MemberPatch,
  Notifications,
  type MemberRow,
  READ_ONLY_FIELDS,
} from "../members/member.card.ts";
import { isRemovalOnly } from "../rights/access-removal.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const unchangeable = z.never({ error: ruleText("members.fixed") }).optional();
const readOnly = Object.fromEntries(READ_ONLY_FIELDS.map((field) => [field, unchangeable])) as Record<
  (typeof READ_ONLY_FIELDS)[number],
  typeof unchangeable
>;

/** What may be changed on a card. */
export const CardPatch = MemberPatch.extend({
  ...readOnly,
  objectGroupIds: GroupIds.optional(),
  loginAllowed: z
    .boolean()
    .optional()
    .describe("false blocks the member, true unblocks; needs the right to block."),
  notifications: Notifications.partial().optional(),
  accountType: z.enum(ACCOUNT_TYPES).optional().describe("Agencies: the same as roles, in their words."),
}).meta({ id: "MemberPatch" });

export type MemberCardPatch = z.infer<typeof CardPatch>;

/** Only blocks, and takes roles, rights and object groups away. */
export function isOnlyRemoving(row: MemberRow, patch: MemberCardPatch): boolean {
  const {
    loginAllowed,
    roles,
    rights,
    objectGroupIds,
    allowAny: _,
    confirmLockout: __,
    ...otherFields
  } = patch;
  const isEdited = Object.values(otherFields).some((value) => value !== undefined) || loginAllowed === true;
  return (
    !isEdited &&
    isRemovalOnly(row.roles, roles) &&
    isRemovalOnly(row.rights, rights) &&
    isRemovalOnly(row.objectGroupIds, objectGroupIds)
  );
}
