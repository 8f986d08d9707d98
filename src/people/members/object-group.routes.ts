import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import { bumpMember } from "../../access/stamp.store.ts";
import { type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import { loadAccessMails } from "./access-mail.load.ts";
import { GroupIds, MemberCard, memberCard } from "./member.card.ts";
import { loadMember, permitMember, requireNoUnseenGroupLoss } from "./member.load.ts";
import { requireKnownGroups } from "../rights/object-group.load.ts";
import { guardMember, updateObjectGroups } from "./member.store.ts";
import { nextVersion } from "../../kernel/version.ts";

const Body = z.strictObject({ groupIds: GroupIds }).meta({ id: "MemberObjectGroups" });

const put = endpoint(
  {
    method: "PUT",
    path: "/v1/members/:id/object-groups",
    operationId: "setMemberObjectGroups",
    tag: "Members",
    right: "object_group.edit",
    status: 200,
    summary: "Replace the object groups that a member sees. The member's next call obeys.",
    body: Body,
    answer: MemberCard,
    ifMatch: "optional",
  },
  async (call) => {
    const found = await loadMember(call, "object_group.edit");
    const { row, grants } = found;
    const { groupIds } = await call.body();
    call.ifMatch(row.version);
    requireNoUnseenGroupLoss(call, row.objectGroupIds, groupIds);
    const { accountId } = row;
    const after = nextVersion(row, { ...row, objectGroupIds: groupIds }, call.now);
    const permit = await permitMember(call, found, after, grants);
    await requireKnownGroups(call, groupIds, "/groupIds");
    const answer = {
      status: 200,
      body: memberCard(after, grants, call.principal.targetAccount),
      headers: { ETag: versionEtag(after.version) },
    };
    if (after === row) return answer;
    return call.commit(
      {
        statements: [
          guardMember(call.db, row),
          updateObjectGroups(call.db, permit, accountId, row.id, groupIds),
          bumpMember(call.db, accountId, row.id, call.now),
        ],
        events: [
          call.event(
            "object_group.edit",
            { type: "member", id: row.id },
            { changes: diffFields({ objectGroupIds: row.objectGroupIds }, { objectGroupIds: groupIds }) },
          ),
        ],
        mails: await loadAccessMails(
          call,
          row,
          { objectGroupIds: row.objectGroupIds },
          { objectGroupIds: groupIds },
        ),
      },
      answer,
    );
  },
);

export const objectGroupEndpoints: readonly Endpoint[] = [put];
