import { z } from "zod";
import type { GrantRow, Preset } from "../../access/preset.ts";
import type { Call } from "../../gate/calls/call.ts";
import { NO_ACCESS } from "../../gate/permits/access-gain.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { optionalName } from "../../kernel/http/body.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { findGranted } from "../rights/grant.change.ts";
import { GRANTS_MAX, ResourceId } from "../rights/grant.card.ts";
import { ACCOUNT_TYPES, NewMember } from "../members/member.card.ts";
import type { Wanted } from "./left-out.change.ts";

const each = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;

/** Short forms for the roles and grants of a new member. */
const short = {
  role: z.string().max(40).optional().describe("One role, instead of roles."),
  accountType: z
    .enum(ACCOUNT_TYPES)
    .optional()
    .describe("Agencies: the same in their words, instead of roles."),
  toolIds: z
    .array(ResourceId)
    .max(100)
    .refine(each, "names a tool twice")
    .default([])
    .describe("Agencies: tools that the member may use, beside grants."),
  tasks: z
    .array(z.strictObject({ toolId: z.string().max(64), taskId: z.string().max(64) }))
    .max(100)
    .refine((tasks) => each(tasks.map(({ taskId }) => taskId)), "names a task twice")
    .default([])
    .describe("Agencies: tasks that the member is let into, beside grants."),
};

/** A new member, in the words of a caller. */
export const WantedMember = NewMember.extend(short);
/** The same for an invitation, where names may be left out. */
export const WantedInvitation = WantedMember.extend({
  firstName: optionalName(100)
    .default(null)
    .describe("Teams and marketplace: may be left out, as may the last name. Then the e-mail is shown."),
  lastName: optionalName(100).default(null),
});

export const DryRun = z
  .boolean()
  .default(false)
  .describe("Answer 200 and what would be made, and make and send nothing.");

type Asked = z.infer<typeof WantedMember> | z.infer<typeof WantedInvitation>;

/**
 * The same in the words of `invite`. Call it after `member.create` was decided.
 * @throws Problem validation, access/denied
 */
export async function wantedOf(
  call: Call,
  { role, accountType, toolIds, tasks, ...wanted }: Asked,
): Promise<Wanted> {
  const { preset } = call.principal;
  const roles = rolesOf(preset, { roles: wanted.roles, role, accountType });
  const given = [
    ...toolIds.map((id) => viewOf("tool", id)),
    ...tasks.map(({ taskId }) => viewOf("task", taskId)),
  ];
  if (given.length === 0) return { ...wanted, roles };
  if (preset.model !== "agency")
    throw invalidField(toolIds.length > 0 ? "/toolIds" : "/tasks", "belongs to agencies");
  call.requireRight("grant.edit");
  if (wanted.grants.length + given.length > GRANTS_MAX)
    throw invalidField("/grants", `a member has ${GRANTS_MAX} grants at most`);
  // Decided before the ids are looked up, and again for all access of the new member.
  requestPermit(call, {
    kind: "entry",
    memberId: "",
    access: { ...NO_ACCESS, grants: given, isUnblocked: true },
  });
  const found = await findGranted(call, given);
  const tool = found.slice(0, toolIds.length).indexOf(null);
  if (tool >= 0) throw invalidField(`/toolIds/${tool}`, "names no tool");
  const task = tasks.findIndex(({ toolId }, index) => found[toolIds.length + index]?.parentId !== toolId);
  if (task >= 0) throw invalidField(`/tasks/${task}/taskId`, "names no task of that tool");
  const isNamed = ({ resourceType, resourceId }: GrantRow) =>
    given.some((grant) => grant.resourceType === resourceType && grant.resourceId === resourceId);
  return { ...wanted, roles, grants: [...wanted.grants.filter((grant) => !isNamed(grant)), ...given] };
}

const viewOf = (resourceType: "tool" | "task", resourceId: string): GrantRow => ({
  resourceType,
  resourceId,
  access: "view",
});

/**
 * The roles of a member, in any of the three forms.
 * @throws Problem validation
 */
export function rolesOf(
  { model, suggestedRole }: Preset,
  { roles, role, accountType }: Pick<Asked, "roles" | "role" | "accountType">,
): string[] {
  const told = [roles.length > 0, role !== undefined, accountType !== undefined].filter(Boolean).length;
  if (told > 1)
    throw invalidField(
      accountType === undefined ? "/role" : "/accountType",
      "says the same as roles: send one of them",
    );
  if (accountType !== undefined && model !== "agency")
    throw invalidField("/accountType", `belongs to agencies; name a role here, such as ${suggestedRole}`);
  if (told === 0 && model === "agency")
    throw invalidField("/accountType", `must be one of ${ACCOUNT_TYPES.join(", ")}`);
  return accountType === undefined ? (role === undefined ? roles : [role]) : [accountType];
}
