import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requireAuthorityToStop, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { type MemberRow, MemberCard, memberCard } from "./member.card.ts";
import { loadMember, permitMember, withLoginAllowed } from "./member.load.ts";
import {
  type MemberExtraWrites,
  type MemberUpdateAction,
  prepareMemberUpdate,
} from "./member-update.change.ts";

/** Writes it, and answers what it is then. */
export const saveMember = async (
  call: Call,
  permit: Permit,
  row: MemberRow,
  after: MemberRow,
  right: MemberUpdateAction,
  cardBefore: object,
  cardAfter: object,
  extraWrites: MemberExtraWrites = {},
): Promise<Answer> =>
  call.commit(
    await prepareMemberUpdate(call, permit, row, after, right, cardBefore, cardAfter, extraWrites),
    {
      status: 200,
      body: cardAfter,
      headers: { ETag: versionEtag(after.version) },
    },
  );

/**
 * Blocks or unblocks the member that the path names. Unblocking gives back, so it asks for power over what
 * the member holds.
 */
export async function setLoginAllowed(call: Call, allowed: boolean): Promise<Answer> {
  const found = await loadMember(
    call,
    "member.block",
    allowed ? requireAuthorityOver : requireAuthorityToStop,
  );
  const { row, grants } = found;
  const { targetAccount } = call.principal;
  const after = withLoginAllowed(call, { ...row, updatedAt: call.now, version: row.version + 1 }, allowed);
  if (after.status === row.status)
    return {
      status: 200,
      body: memberCard(row, grants, targetAccount),
      headers: { ETag: versionEtag(row.version) },
    };
  const permit = await permitMember(call, found, after, grants);
  return saveMember(
    call,
    permit,
    row,
    after,
    "member.block",
    memberCard(row, grants, targetAccount),
    memberCard(after, grants, targetAccount),
  );
}

const blockEndpoint = (verb: "block" | "unblock") =>
  endpoint(
    {
      method: "POST",
      path: `/v1/members/:id/${verb}`,
      operationId: `${verb}Member`,
      tag: "Members",
      right: "member.block",
      status: 200,
      ...(verb === "block" ? { allowedWhileRestored: true } : {}),
      summary:
        verb === "block"
          ? "Block a member: keys and tokens are refused from the next call on."
          : "Unblock a member; roles and grants are as before.",
      answer: MemberCard,
      problems: ["conflict/last-admin", "conflict/lockout"],
    },
    (call) => setLoginAllowed(call, verb === "unblock"),
  );

export const memberEndpoints: readonly Endpoint[] = [blockEndpoint("block"), blockEndpoint("unblock")];
