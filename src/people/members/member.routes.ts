import { type Call, type Endpoint, endpoint } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { requireAuthorityToStop, requireAuthorityOver } from "../../gate/calls/required-authority.ts";
import { versionEtag } from "../../gate/calls/gate-request.ts";
import type { Answer } from "../../kernel/http/operation.ts";
import { type MemberRow, MemberCard, memberCard } from "./member.card.ts";
import { loadMember, permitMember, withLogin } from "./member.change.ts";
import { type Beside, type MemberChange, savedMember } from "./saved-member.change.ts";

/** Writes it, and answers what it is then. */
export const saveMember = async (
  call: Call,
  permit: Permit,
  row: MemberRow,
  after: MemberRow,
  right: MemberChange,
  was: object,
  is: object,
  beside: Beside = {},
): Promise<Answer> =>
  call.commit(await savedMember(call, permit, row, after, right, was, is, beside), {
    status: 200,
    body: is,
    headers: { ETag: versionEtag(after.version) },
  });

/**
 * Blocks or unblocks the member that the path names. Unblocking gives back, so it asks for power over what
 * the member holds.
 */
export async function setLogin(call: Call, allowed: boolean): Promise<Answer> {
  const found = await loadMember(
    call,
    "member.block",
    allowed ? requireAuthorityOver : requireAuthorityToStop,
  );
  const { row, grants } = found;
  const { targetAccount } = call.principal;
  const after = withLogin(call, { ...row, updatedAt: call.now, version: row.version + 1 }, allowed);
  if (after.status === row.status)
    return {
      status: 200,
      body: memberCard(row, grants, targetAccount.name),
      headers: { ETag: versionEtag(row.version) },
    };
  const permit = await permitMember(call, found, after, grants);
  return saveMember(
    call,
    permit,
    row,
    after,
    "member.block",
    memberCard(row, grants, targetAccount.name),
    memberCard(after, grants, targetAccount.name),
  );
}

const block = (verb: "block" | "unblock") =>
  endpoint(
    {
      method: "POST",
      path: `/v1/members/:id/${verb}`,
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
    (call) => setLogin(call, verb === "unblock"),
  );

export const memberEndpoints: readonly Endpoint[] = [block("block"), block("unblock")];
