import { z } from "zod";
import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import { findMember } from "../../gate/credentials/member.store.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { invalidField, Problem } from "../../kernel/http/problem.ts";
import { requireGrantsOfRoles } from "../rights/grant.load.ts";
import { MemberCard, memberCard, type MemberRow } from "./member.card.ts";
import {
  creditLimitOf,
  permitMember,
  requireNoUnseenGroupLoss,
  requireNoUnseenGrantLoss,
  requireMember,
} from "./member.load.ts";
import { saveMember } from "./member.routes.ts";
import { guardMember, replaceGrants } from "./member.store.ts";
import { message } from "../../kernel/messages/message.ts";

const isEqualJson = (one: unknown, two: unknown): boolean => JSON.stringify(one) === JSON.stringify(two);

const Body = z.strictObject({ fromMemberId: z.string().max(64) }).meta({ id: "RightsSource" });

/** Replaces a member's access with another member's. The caller must be allowed to give each part of it. */
const copyEndpoint = endpoint(
  {
    method: "POST",
    path: "/v1/members/:id/copy-rights",
    operationId: "copyMemberRights",
    tag: "Members",
    right: "member.edit",
    status: 200,
    summary:
      "Replace a member's roles, rights, grants and object groups with another member's. " +
      "It applies from the member's next call.",
    body: Body,
    answer: MemberCard,
    ifMatch: "optional",
    problems: ["conflict/last-admin", "plan/feature-required"],
  },
  copyRights,
);

async function copyRights(call: Call<z.infer<typeof Body>>): Promise<Answer> {
  const { targetAccount, preset } = call.principal;
  const { found, from, grants } = await loadTargetAndSource(call);
  const { row, grants: before } = found;
  const body = await call.body();
  call.ifMatch(row.version);
  if (body.fromMemberId === row.id) throw invalidField("/fromMemberId", message("members.copyFromOther"));
  const after: MemberRow = {
    ...row,
    roles: from.roles,
    rights: from.rights,
    objectGroupIds: from.objectGroupIds,
    updatedAt: call.now,
    version: row.version + 1,
  };
  after.creditLimit = creditLimitOf(preset, after);
  const newGrants = !isEqualJson(before, grants);
  if (newGrants || grants.length > 0) call.requireRight("grant.edit");
  if (!isEqualJson(row.objectGroupIds, from.objectGroupIds)) call.requireRight("object_group.edit");
  requireNoUnseenGroupLoss(call, row.objectGroupIds, from.objectGroupIds);
  const permit = await permitMember(call, found, after, grants, { ...after, grants });
  requireGrantsOfRoles(preset, after.roles, grants, "/fromMemberId");
  requireNoUnseenGrantLoss(call, before, grants);
  const [cardBefore, cardAfter] = [
    memberCard(row, before, targetAccount),
    memberCard(after, grants, targetAccount),
  ];
  return saveMember(call, permit, row, after, "member.edit", cardBefore, cardAfter, {
    note: { copiedFrom: from.id },
    statements: [
      guardMember(call.db, from),
      ...(newGrants ? replaceGrants(call.db, permit, row.accountId, row.id, grants) : []),
    ],
    // The object log tells what access was given to objects, however it was given.
    events: newGrants ? [grantEvent(call, row.id, cardBefore, cardAfter)] : [],
  });
}

/** The member that is changed, and the member whose access is copied. @throws Problem not-found */
async function loadTargetAndSource(call: Call) {
  const { accountId } = call.principal;
  const [id, fromId] = [call.params["id"] ?? "", call.peekField("fromMemberId")];
  const [[target], [other]] = await call.read(
    findMember(call.db, accountId, id),
    findMember(call.db, accountId, fromId ?? ""),
  );
  const found = requireMember(call, "member.edit", id, target);
  // A body that names no member is a fault of the body. Validation reports it now.
  if (fromId === null) await call.body();
  const missing = new Problem("not-found", {
    errors: [{ pointer: "/fromMemberId", detail: message("members.memberHidden") }],
  });
  const { row: from, grants } = requireMember(call, "member.edit", fromId ?? "", other, missing);
  return { found, from, grants };
}

type MemberCardBody = ReturnType<typeof memberCard>;

const grantEvent = (
  call: Call,
  id: string,
  cardBefore: MemberCardBody,
  cardAfter: MemberCardBody,
): AuditEvent =>
  call.event(
    "grant.edit",
    { type: "member", id },
    { changes: diffFields({ grants: cardBefore.grants }, { grants: cardAfter.grants }) },
  );

export const copyRightsEndpoints: readonly Endpoint[] = [copyEndpoint];
