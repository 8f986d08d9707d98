import { endpoint } from "../../gate/calls/call.ts";
import { EffectiveRights, effectiveRights } from "../rights/effective-rights.ts";
import { loadSelfOrMember } from "./member.load.ts";

const card = endpoint(
  {
    method: "GET",
    path: "/v1/members/:id/effective",
    operationId: "getEffectiveRights",
    tag: "Members",
    right: "member.view",
    status: 200,
    summary:
      "Every right of a member, where it holds and what it comes from. About yourself without any right.",
    answer: EffectiveRights,
  },
  async (call) => {
    const { row, grants, customRoles } = await loadSelfOrMember(call);
    const { preset, targetAccount, types } = call.principal;
    const holder = {
      memberId: row.id,
      accountId: row.accountId,
      roles: row.roles,
      customRoles,
      rights: row.rights,
      grants,
      objectGroupIds: row.objectGroupIds,
      status: row.status,
      isOwner: row.id === targetAccount.ownerMemberId,
    };
    return { status: 200, body: effectiveRights(holder, preset, targetAccount.plan, types) };
  },
);

export const effectiveRightsEndpoints = [card];
