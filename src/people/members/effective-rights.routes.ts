import { endpoint } from "../../gate/calls/call.ts";
import { EffectiveRights, effectiveRightsOf } from "../rights/effective-rights.ts";
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
    return { status: 200, body: effectiveRightsOf(await loadSelfOrMember(call), call.principal) };
  },
);

export const effectiveRightsEndpoints = [card];
