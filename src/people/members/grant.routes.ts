import { z } from "zod";
import { pascalCase } from "../../kernel/text/pascal-case.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import type { GrantRow, Preset } from "../../access/preset.ts";
import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import {
  requireAuthorityToStop,
  requireAuthorityOver,
  canStopEveryMember,
} from "../../gate/calls/required-authority.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { invalidField } from "../../kernel/http/problem.ts";
import { loadAccessMails } from "./access-mail.load.ts";
import {
  loadGrantTargets,
  type GrantTarget,
  requireGrantTargets,
  requireGrantsOfRoles,
} from "../rights/grant.load.ts";
import { Grants, GRANTS_MAX, toolIds, toolTasks } from "../rights/grant.card.ts";
import { MemberCard, memberCard, type MemberRow } from "./member.card.ts";
import { loadMember, permitMember, requireNoUnseenGrantLoss } from "./member.load.ts";
import { guardMember, replaceGrants } from "./member.store.ts";
import { isGrantRemovalOnly } from "../rights/access-removal.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const GrantsBody = z
  .strictObject({
    grants: Grants.optional(),
    preset: z
      .string()
      .max(40)
      .optional()
      .describe("Instead of grants: the key of a bundle of GET /v1/grant-presets."),
  })
  .refine(
    ({ grants, preset }) => (grants === undefined) !== (preset === undefined),
    ruleText("members.grantsOrPreset"),
  )
  .meta({ id: "MemberGrants" });

/** The grants that a body asks for. @throws Problem validation */
function resolveGrants(
  { bundles }: Preset,
  { grants = [], preset }: z.infer<typeof GrantsBody>,
): readonly GrantRow[] {
  if (preset === undefined) return grants;
  const bundle = Object.hasOwn(bundles, preset) ? bundles[preset] : undefined;
  const keys = Object.keys(bundles);
  if (bundle === undefined)
    throw invalidField(
      "/preset",
      keys.length === 0 ? message("members.noBundles") : message("validation.notOneOf", { values: keys }),
    );
  return bundle;
}

/** The grants of a member, replaced as a whole. The member's next call obeys. */
async function saveGrants(
  call: Call,
  permit: Permit,
  row: MemberRow,
  before: readonly GrantRow[],
  grants: readonly GrantRow[],
): Promise<Answer> {
  if (!canStopEveryMember(call.principal)) requireNoUnseenGrantLoss(call, before, grants);
  const isUnchanged =
    canonicalJson(before.map(canonicalJson).sort()) === canonicalJson(grants.map(canonicalJson).sort());
  const after = isUnchanged ? row : { ...row, updatedAt: call.now, version: row.version + 1 };
  const card = memberCard(after, grants, call.principal.targetAccount);
  if (isUnchanged) return { status: 200, body: card, headers: { ETag: versionEtag(row.version) } };
  return call.commit(
    {
      statements: [
        guardMember(call.db, row),
        ...replaceGrants(call.db, permit, row.accountId, row.id, grants),
        bumpMember(call.db, row.accountId, row.id, call.now),
      ],
      events: [
        call.event(
          "grant.edit",
          { type: "member", id: row.id },
          { changes: diffFields({ grants: before }, { grants: card.grants }) },
        ),
      ],
      mails: await loadAccessMails(call, row, memberCard(row, before, call.principal.targetAccount), card),
    },
    { status: 200, body: card, headers: { ETag: versionEtag(after.version) } },
  );
}

/** What the operators page calls Modify: the grants of a member, replaced as a whole. */
const put = endpoint(
  {
    method: "PUT",
    path: "/v1/members/:id/grants",
    operationId: "setMemberGrants",
    tag: "Members",
    right: "grant.edit",
    status: 200,
    summary: "Replace the grants of a member, one by one or by a bundle. The member's next call obeys.",
    body: GrantsBody,
    answer: MemberCard,
    ifMatch: "optional",
    problems: ["plan/feature-required"],
  },
  async (call) => {
    const found = await loadMember(call, "grant.edit", requireAuthorityToStop);
    const { row, grants: before } = found;
    const grants = resolveGrants(call.principal.preset, await call.body());
    call.ifMatch(row.version);
    if (!isGrantRemovalOnly(before, grants)) requireAuthorityOver(call.principal, { ...row, ...found });
    const permit = await permitMember(call, found, row, grants, { grants });
    if (!isGrantRemovalOnly(before, grants)) await requireGrantTargets(call, grants);
    requireGrantsOfRoles(call.principal.preset, row.roles, grants, "/grants");
    return saveGrants(call, permit, row, before, grants);
  },
);

const ToolsBody = z
  .strictObject({
    toolIds: toolIds(GRANTS_MAX).describe('"0" is every tool, those offered later too.'),
  })
  .meta({ id: "MemberTools" });
const TasksBody = z
  .strictObject({
    tasks: toolTasks(GRANTS_MAX),
  })
  .meta({ id: "MemberTasks" });

/** One type of a member's grants, by another name: those of other types stay as they are. */
const grantTypeEndpoint = <Body>(
  type: "tool" | "task",
  body: z.ZodType<Body>,
  idsOf: (body: Body) => readonly string[],
  requireTargets: (body: Body, found: readonly (GrantTarget | null)[]) => void,
) =>
  endpoint(
    {
      method: "PUT",
      path: `/v1/members/:id/${type}s`,
      operationId: `setMember${pascalCase(type)}s`,
      tag: "Members",
      right: "grant.edit",
      status: 200,
      summary:
        type === "tool"
          ? "Replace the tools that a sub-account may use. A manager always has every tool."
          : "Replace the tasks that a sub-account is let into.",
      body,
      answer: MemberCard,
      ifMatch: "optional",
    },
    async (call: Call<Body>) => {
      const found = await loadMember(call, "grant.edit");
      const { row, grants: before } = found;
      call.requireRight(`${type}.view`);
      const request = await call.body();
      call.ifMatch(row.version);
      const typeGrants = idsOf(request).map(
        (resourceId): GrantRow => ({ resourceType: type, resourceId, access: "view" }),
      );
      const grants = [...before.filter(({ resourceType }) => resourceType !== type), ...typeGrants];
      const permit = await permitMember(call, found, row, grants, { grants: typeGrants });
      requireTargets(request, await loadGrantTargets(call, typeGrants));
      requireGrantsOfRoles(call.principal.preset, row.roles, grants, `/${type}s`);
      return saveGrants(call, permit, row, before, grants);
    },
  );

const tools = grantTypeEndpoint(
  "tool",
  ToolsBody,
  ({ toolIds }) => toolIds,
  (_, found) => {
    const unknown = found.indexOf(null);
    if (unknown >= 0) throw invalidField(`/toolIds/${unknown}`, message("members.noTool"));
  },
);

const tasks = grantTypeEndpoint(
  "task",
  TasksBody,
  (body) => body.tasks.map(({ taskId }) => taskId),
  (body, found) => {
    const unknown = body.tasks.findIndex(({ toolId }, index) => found[index]?.parentId !== toolId);
    if (unknown >= 0) throw invalidField(`/tasks/${unknown}/taskId`, message("members.noTask"));
  },
);

export const grantEndpoints: readonly Endpoint[] = [put, tools, tasks];
