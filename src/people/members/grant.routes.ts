import { z } from "zod";
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
import { accessNotice } from "./access-notice.change.ts";
import { findGranted, type Granted, requireGranted, requireNeeded } from "../rights/grant.change.ts";
import { Grants, GRANTS_MAX, ResourceId } from "../rights/grant.card.ts";
import { MemberCard, memberCard, type MemberRow } from "./member.card.ts";
import { loadMember, permitMember, refuseUnseenLoss } from "./member.change.ts";
import { guardMember, replaceGrants } from "./member.store.ts";
import { takesGrantsOnly } from "../rights/taking.ts";

const NewGrants = z
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
    "send either grants or a preset",
  );

/** The grants that a body asks for. @throws Problem validation */
function wantedGrants(
  { bundles }: Preset,
  { grants = [], preset }: z.infer<typeof NewGrants>,
): readonly GrantRow[] {
  if (preset === undefined) return grants;
  const bundle = Object.hasOwn(bundles, preset) ? bundles[preset] : undefined;
  if (bundle === undefined)
    throw invalidField(
      "/preset",
      `must be one of ${Object.keys(bundles).join(", ") || "none: this account's model has no bundles"}`,
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
  if (!canStopEveryMember(call.principal)) refuseUnseenLoss(call, before, grants);
  const same =
    canonicalJson(before.map(canonicalJson).sort()) === canonicalJson(grants.map(canonicalJson).sort());
  const after = same ? row : { ...row, updatedAt: call.now, version: row.version + 1 };
  const is = memberCard(after, grants, call.principal.targetAccount.name);
  if (same) return { status: 200, body: is, headers: { ETag: versionEtag(row.version) } };
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
          { changes: diffFields({ grants: before }, { grants: is.grants }) },
        ),
      ],
      mails: await accessNotice(call, row, memberCard(row, before, ""), is),
    },
    { status: 200, body: is, headers: { ETag: versionEtag(after.version) } },
  );
}

/** What the operators page calls Modify: the grants of a member, replaced as a whole. */
const put = endpoint(
  {
    method: "PUT",
    path: "/v1/members/:id/grants",
    tag: "Members",
    right: "grant.edit",
    status: 200,
    summary: "Replace the grants of a member, one by one or by a bundle. The member's next call obeys.",
    body: NewGrants,
    answer: MemberCard,
    ifMatch: "optional",
    problems: ["plan/feature-required"],
  },
  async (call) => {
    const found = await loadMember(call, "grant.edit", requireAuthorityToStop);
    const { row, grants: before } = found;
    const grants = wantedGrants(call.principal.preset, await call.body());
    call.ifMatch(row.version);
    if (!takesGrantsOnly(before, grants)) requireAuthorityOver(call.principal, { ...row, ...found });
    const permit = await permitMember(call, found, row, grants, { grants });
    if (!takesGrantsOnly(before, grants)) await requireGranted(call, grants);
    requireNeeded(call.principal.preset, row.roles, grants, "/grants");
    return saveGrants(call, permit, row, before, grants);
  },
);

const each = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;
const Tools = z.strictObject({
  toolIds: z
    .array(ResourceId)
    .max(GRANTS_MAX)
    .refine(each, "names a tool twice")
    .describe('"0" is every tool, those offered later too.'),
});
const Tasks = z.strictObject({
  tasks: z
    .array(z.strictObject({ toolId: z.string().max(64), taskId: z.string().max(64) }))
    .max(GRANTS_MAX)
    .refine((tasks) => each(tasks.map(({ taskId }) => taskId)), "names a task twice"),
});

/** One type of a member's grants, by another name: those of other types stay as they are. */
const putType = <Body>(
  type: "tool" | "task",
  body: z.ZodType<Body>,
  idsOf: (body: Body) => readonly string[],
  check: (body: Body, found: readonly (Granted | null)[]) => void,
) =>
  endpoint(
    {
      method: "PUT",
      path: `/v1/members/:id/${type}s`,
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
      const wanted = await call.body();
      call.ifMatch(row.version);
      const given = idsOf(wanted).map(
        (resourceId): GrantRow => ({ resourceType: type, resourceId, access: "view" }),
      );
      const grants = [...before.filter(({ resourceType }) => resourceType !== type), ...given];
      const permit = await permitMember(call, found, row, grants, { grants: given });
      check(wanted, await findGranted(call, given));
      requireNeeded(call.principal.preset, row.roles, grants, `/${type}s`);
      return saveGrants(call, permit, row, before, grants);
    },
  );

const tools = putType(
  "tool",
  Tools,
  ({ toolIds }) => toolIds,
  (_, found) => {
    const unknown = found.indexOf(null);
    if (unknown >= 0) throw invalidField(`/toolIds/${unknown}`, "names no tool");
  },
);

const tasks = putType(
  "task",
  Tasks,
  (body) => body.tasks.map(({ taskId }) => taskId),
  (body, found) => {
    const unknown = body.tasks.findIndex(({ toolId }, index) => found[index]?.parentId !== toolId);
    if (unknown >= 0) throw invalidField(`/tasks/${unknown}/taskId`, "names no task of that tool");
  },
);

export const grantEndpoints: readonly Endpoint[] = [put, tools, tasks];
