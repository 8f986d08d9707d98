import { z } from "zod";
import type { GrantRow, Preset } from "../../access/preset.ts";
import type { Call } from "../../gate/calls/call.ts";
import { NO_ACCESS } from "../../gate/permits/access-gain.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { optionalName } from "../../kernel/http/body.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { loadGrantTargets } from "../rights/grant.load.ts";
import { GRANTS_MAX, toolIds, toolTasks } from "../rights/grant.card.ts";
import { ACCOUNT_TYPES } from "../members/account-type.ts";
import { NewMember } from "../members/member.card.ts";
import type { NewMemberInput } from "./new-member-input.ts";
import { message } from "../../kernel/messages/message.ts";

/** Short forms for the roles and grants of a new member. */
const shortForms = {
  role: z.string().max(40).optional().describe("One role, instead of roles."),
  accountType: z
    .enum(ACCOUNT_TYPES)
    .optional()
    .describe("Agencies: the same in their words, instead of roles."),
  toolIds: toolIds(100).default([]).describe("Agencies: tools that the member may use, beside grants."),
  tasks: toolTasks(100).default([]).describe("Agencies: tasks that the member is let into, beside grants."),
};

/** A new member, in the words of a caller. */
export const NewMemberBody = NewMember.extend(shortForms);
/** The same for an invitation, where names may be left out. */
export const NewInvitationBody = NewMemberBody.extend({
  firstName: optionalName(100)
    .default(null)
    .describe("Teams and marketplace: may be left out, as may the last name. Then the e-mail is shown."),
  lastName: optionalName(100).default(null),
});

export const DryRun = z
  .boolean()
  .default(false)
  .describe("Answer 200 and what would be made, and make and send nothing.");

type MemberOrInvitationBody = z.infer<typeof NewMemberBody> | z.infer<typeof NewInvitationBody>;

/**
 * The body as the input of `prepareInvite`. Call it after `member.create` was decided.
 * @throws Problem validation, access/denied
 */
export async function loadNewMemberInput(
  call: Call,
  { role, accountType, toolIds, tasks, ...fields }: MemberOrInvitationBody,
): Promise<NewMemberInput> {
  const { preset } = call.principal;
  const roles = resolveRoles(preset, { roles: fields.roles, role, accountType });
  const viewGrants = [
    ...toolIds.map((id) => viewGrant("tool", id)),
    ...tasks.map(({ taskId }) => viewGrant("task", taskId)),
  ];
  if (viewGrants.length === 0) return { ...fields, roles };
  if (preset.model !== "agency")
    throw invalidField(toolIds.length > 0 ? "/toolIds" : "/tasks", message("invitations.agenciesOnly"));
  call.requireRight("grant.edit");
  if (fields.grants.length + viewGrants.length > GRANTS_MAX)
    throw invalidField("/grants", message("invitations.grantsMax", { max: GRANTS_MAX }));
  // Decided before the ids are looked up, and again for all access of the new member.
  requestPermit(call, {
    kind: "entry",
    memberId: "",
    access: { ...NO_ACCESS, grants: viewGrants, isUnblocked: true },
  });
  const found = await loadGrantTargets(call, viewGrants);
  const tool = found.slice(0, toolIds.length).indexOf(null);
  if (tool >= 0) throw invalidField(`/toolIds/${tool}`, message("members.noTool"));
  const task = tasks.findIndex(({ toolId }, index) => found[toolIds.length + index]?.parentId !== toolId);
  if (task >= 0) throw invalidField(`/tasks/${task}/taskId`, message("members.noTask"));
  const hasViewGrant = ({ resourceType, resourceId }: GrantRow) =>
    viewGrants.some((grant) => grant.resourceType === resourceType && grant.resourceId === resourceId);
  return {
    ...fields,
    roles,
    grants: [...fields.grants.filter((grant) => !hasViewGrant(grant)), ...viewGrants],
  };
}

const viewGrant = (resourceType: "tool" | "task", resourceId: string): GrantRow => ({
  resourceType,
  resourceId,
  access: "view",
});

/**
 * The roles of a member, in any of the three forms.
 * @throws Problem validation
 */
export function resolveRoles(
  { model, suggestedRole }: Preset,
  { roles, role, accountType }: Pick<MemberOrInvitationBody, "roles" | "role" | "accountType">,
): string[] {
  const givenForms = [roles.length > 0, role !== undefined, accountType !== undefined].filter(Boolean).length;
  if (givenForms > 1)
    throw invalidField(
      accountType === undefined ? "/role" : "/accountType",
      message("invitations.sameAsRoles"),
    );
  if (accountType !== undefined && model !== "agency")
    throw invalidField("/accountType", message("invitations.roleInstead", { role: suggestedRole }));
  if (givenForms === 0 && model === "agency")
    throw invalidField("/accountType", message("invitations.accountTypes", { types: ACCOUNT_TYPES }));
  return accountType === undefined ? (role === undefined ? roles : [role]) : [accountType];
}
