import { diffFields } from "../../audit/chain/difference.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requestPermit } from "../../gate/permits/permit-request.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { omitUndefined } from "../../kernel/http/body.ts";
import { foldForSearch } from "../../kernel/text/search-fold.ts";
import { newId } from "../../kernel/id.ts";
import { Problem } from "../../kernel/http/problem.ts";
import { nextVersion } from "../../kernel/version.ts";
import type { RoleRow } from "../../kernel/schema/team.ts";
import { requireGrantTargets } from "./grant.load.ts";
import { CustomRoleCard, customRoleCard, sortRights, NewRole, RolePatch } from "./role.card.ts";
import { requireReadOnlyContent } from "./read-only-role.change.ts";
import { loadRole, requireDistinctRoleName, ROLES_MAX, saveRole } from "./role.change.ts";
import { insertRole, listRoles, removeRole, updateRole } from "./role.store.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * A role stays within its maker's own rights, and makes sense here. @throws Problem access/denied, validation
 */
async function permitRoleContent(
  call: Call,
  before: Pick<RoleRow, "rights" | "grants">,
  { id, rights, grants }: RoleRow,
): Promise<Permit> {
  const permit = requestPermit(call, { kind: "role", roleId: id, before, after: { rights, grants } });
  await requireGrantTargets(call, grants);
  return permit;
}

const create = endpoint(
  {
    method: "POST",
    path: "/v1/roles",
    operationId: "createRole",
    tag: "Roles and rights",
    right: "role.edit",
    status: 201,
    summary: "Make a role of the account's own, with rights and grants within yours.",
    body: NewRole,
    answer: CustomRoleCard,
    idempotency: "optional",
    problems: ["conflict/duplicate", "conflict/state"],
  },
  async (call) => {
    const { accountId, memberId } = call.principal;
    const [rows] = await call.read(listRoles(call.db, accountId));
    call.requireRight("role.edit");
    const body = await call.body();
    const row: RoleRow = {
      ...body,
      nameFolded: foldForSearch(body.name),
      rights: sortRights(body.rights),
      id: newId("role", call.now),
      accountId,
      version: 1,
      createdBy: memberId,
      createdAt: call.now,
      updatedAt: call.now,
    };
    const permit = await permitRoleContent(call, { rights: [], grants: [] }, row);
    if (rows.length >= ROLES_MAX)
      throw new Problem("conflict/state", {
        detail: message("members.customRolesMax", { max: ROLES_MAX }),
      });
    requireDistinctRoleName(call, rows, row);
    const answer = customRoleCard(row);
    return saveRole(call, row.id, [insertRole(call.db, permit, row)], diffFields({}, answer), {
      status: 201,
      body: answer,
      headers: { ETag: versionEtag(row.version), Location: `/v1/roles/${row.id}` },
    });
  },
);

const card = endpoint(
  {
    method: "GET",
    path: "/v1/roles/:id",
    operationId: "getRole",
    tag: "Roles and rights",
    right: "member.view",
    status: 200,
    summary: "A role that the account made for itself.",
    answer: CustomRoleCard,
  },
  async (call) => {
    const row = await loadRole(call, false);
    return { status: 200, body: customRoleCard(row), headers: { ETag: versionEtag(row.version) } };
  },
);

const edit = endpoint(
  {
    method: "PATCH",
    path: "/v1/roles/:id",
    operationId: "updateRole",
    tag: "Roles and rights",
    right: "role.edit",
    status: 200,
    summary: "Change a role of the account's own. The next call of everybody who has it obeys.",
    body: RolePatch,
    answer: CustomRoleCard,
    ifMatch: "required",
    problems: ["conflict/duplicate"],
  },
  async (call) => {
    const row = await loadRole(call, true);
    const patch = omitUndefined(await call.body());
    call.ifMatch(row.version);
    const after: RoleRow = nextVersion(
      row,
      { ...row, ...patch, rights: sortRights(patch.rights ?? row.rights) },
      call.now,
    );
    const permit = await permitRoleContent(call, row, after);
    if (after.name !== row.name)
      requireDistinctRoleName(call, (await call.read(listRoles(call.db, row.accountId)))[0], after);
    const readerGuards = await requireReadOnlyContent(call, after);
    const answer = customRoleCard(after);
    if (after === row) return { status: 200, body: answer, headers: { ETag: versionEtag(after.version) } };
    return saveRole(
      call,
      row.id,
      [...readerGuards, updateRole(call.db, permit, after)],
      diffFields(customRoleCard(row), answer),
      {
        status: 200,
        body: answer,
        headers: { ETag: versionEtag(after.version) },
      },
    );
  },
);

const remove = endpoint(
  {
    method: "DELETE",
    path: "/v1/roles/:id",
    operationId: "deleteRole",
    tag: "Roles and rights",
    right: "role.edit",
    status: 204,
    summary: "Remove a role of the account's own that no member has any more.",
    ifMatch: "optional",
    problems: ["conflict/not-removable"],
  },
  async (call) => {
    const row = await loadRole(call, true);
    call.ifMatch(row.version);
    return saveRole(
      call,
      row.id,
      removeRole(call.db, row),
      { before: customRoleCard(row), after: {} },
      { status: 204 },
    );
  },
);

export const customRoleEndpoints: readonly Endpoint[] = [create, card, edit, remove];
