import { z } from "zod";
import { bumpMember } from "../access/stamp.store.ts";
import { difference } from "../audit/difference.ts";
import type { TypeTable } from "../access/type.ts";
import { type Endpoint, endpoint } from "../identity/call.ts";
import { etag } from "../identity/request.ts";
import { Grants, MemberCard, memberCard } from "./member.card.ts";
import { checkAssignment, checkGrantObjects, loadMember } from "./member.change.ts";
import { existingObjects, guardMember, replaceGrants } from "./member.store.ts";

const Body = z.strictObject({ grants: Grants });

/** What the operators page calls Modify: the grants of a member, replaced as a whole. */
const put = (types: TypeTable) => endpoint({
  method: "PUT", path: "/v1/members/:id/grants", tag: "Members", right: "grant.edit", status: 200,
  summary: "Replace the grants of a member. The member's next call obeys.", body: Body, answer: MemberCard, ifMatch: "optional",
  problems: ["plan/feature-required"],
}, async (call) => {
  const { row, grants: before } = await loadMember(call, "grant.edit");
  const { grants } = await call.body();
  call.ifMatch(row.version);
  await checkAssignment(call, { roles: [], rights: [], grants, creditLimit: null }, types, true);
  const [existing] = await call.read(existingObjects(call.db, row.accountId, grants));
  checkGrantObjects(grants, existing);
  const after = { ...row, version: row.version + 1 };
  return call.commit({
    statements: [guardMember(call.db, row), ...replaceGrants(call.db, row.accountId, row.id, grants), bumpMember(call.db, row.accountId, row.id)],
    events: [call.event("grant.edit", { type: "member", id: row.id }, {
      changes: difference({ grants: memberCard(row, before).grants }, { grants: memberCard(row, grants).grants }),
    })],
  }, { status: 200, body: memberCard(after, grants), headers: { ETag: etag(after.version) } });
});

export const grantEndpoints = (types: TypeTable): Endpoint[] => [put(types)];
