import { z } from "zod";
import { difference } from "../audit/difference.ts";
import { type Endpoint, endpoint } from "../identity/call.ts";
import { findMember } from "../identity/member.store.ts";
import { invalid, Problem } from "../kernel/problem.ts";
import { requireNeeded } from "./grant.change.ts";
import { MemberCard, memberCard, type MemberRow } from "./member.card.ts";
import {
  limitOf,
  permitMember,
  refuseUnseenGroupLoss,
  refuseUnseenLoss,
  requireMember,
} from "./member.change.ts";
import { saveMember } from "./member.routes.ts";
import { guardMember, replaceGrants } from "./member.store.ts";

const same = (one: unknown, two: unknown): boolean => JSON.stringify(one) === JSON.stringify(two);

/**
 * What somebody else has instead of what the member had; nothing that the caller could not give one by one.
 */
const copy = endpoint(
  {
    method: "POST",
    path: "/v1/members/:id/copy-rights",
    tag: "Members",
    right: "member.edit",
    status: 200,
    summary:
      "Replace a member's roles, rights, grants and object groups with another member's. The member's next call obeys.",
    body: z.strictObject({ fromMemberId: z.string().max(64) }),
    answer: MemberCard,
    ifMatch: "optional",
    problems: ["conflict/last-admin", "plan/feature-required"],
  },
  async (call) => {
    const { accountId, account, preset } = call.principal;
    const [id, fromId] = [call.params["id"] ?? "", call.named("fromMemberId")];
    const [[target], [other]] = await call.read(
      findMember(call.db, accountId, id),
      findMember(call.db, accountId, fromId ?? ""),
    );
    const found = requireMember(call, "member.edit", id, target);
    const { row, grants: before } = found;
    // A body that names nobody is a fault of the body, which is told now.
    if (fromId === null) await call.body();
    const nobody = new Problem("not-found", {
      errors: [{ pointer: "/fromMemberId", detail: "names nobody whom you may see" }],
    });
    const { row: from, grants } = requireMember(call, "member.edit", fromId ?? "", other, nobody);
    const body = await call.body();
    call.ifMatch(row.version);
    if (body.fromMemberId === row.id) throw invalid("/fromMemberId", "must be another member");
    const after: MemberRow = {
      ...row,
      roles: from.roles,
      rights: from.rights,
      objectGroupIds: from.objectGroupIds,
      updatedAt: call.now,
      version: row.version + 1,
    };
    after.creditLimit = limitOf(preset, after);
    const newGrants = !same(before, grants);
    if (newGrants || grants.length > 0) call.decide("grant.edit");
    if (!same(row.objectGroupIds, from.objectGroupIds)) call.decide("object_group.edit");
    refuseUnseenGroupLoss(call, row.objectGroupIds, from.objectGroupIds);
    const permit = await permitMember(call, found, after, grants, { ...after, grants });
    requireNeeded(preset, after.roles, grants, "/fromMemberId");
    refuseUnseenLoss(call, before, grants);
    const [was, is] = [memberCard(row, before, account.name), memberCard(after, grants, account.name)];
    return saveMember(call, permit, row, after, "member.edit", was, is, {
      note: { copiedFrom: from.id },
      statements: [
        guardMember(call.db, from),
        ...(newGrants ? replaceGrants(call.db, permit, accountId, row.id, grants) : []),
      ],
      // The object log tells what access was given to objects, however it was given.
      events: newGrants
        ? [
            call.event(
              "grant.edit",
              { type: "member", id: row.id },
              { changes: difference({ grants: was.grants }, { grants: is.grants }) },
            ),
          ]
        : [],
    });
  },
);

export const copyRightsEndpoints: readonly Endpoint[] = [copy];
