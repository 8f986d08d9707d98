import { NO_CHANGE } from "../../gate/calls/call.ts";
import { memberRef } from "../../access/decision.ts";
import type { Call } from "../../gate/calls/call.ts";
import { requireAuthorityToStop } from "../../gate/calls/required-authority.ts";
import { prepareInvite } from "../../people/invitations/invite.change.ts";
import { Problem } from "../../kernel/http/problem.ts";
import {
  selectIsBlocklisted,
  guardNotBlocklisted,
  rememberIdentifiers,
} from "../../people/members/blocklist.store.ts";
import { memberCard, type MemberRow } from "../../people/members/member.card.ts";
import { permitMember, requireMember } from "../../people/members/member.load.ts";
import { prepareMemberUpdate } from "../../people/members/member-update.change.ts";
import type { ActionResult } from "./action-result.ts";
import {
  findMembersByIdentifiers,
  findRevokedInvitation,
  guardNoMember,
  guardNoBlockedMember,
} from "./member-identifier.store.ts";
import type { ResolvedAction } from "./mapping.ts";
import {
  prepareCreditGrant,
  preparePlanChange,
  prepareSubscriptionChange,
} from "./platform-action.change.ts";
import { message } from "../../kernel/messages/message.ts";

type ActionInput<Name extends ResolvedAction["action"]> = Extract<ResolvedAction, { action: Name }>;

/**
 * Does what a rule wants with the rights of the hook's owner, all but writing it.
 * @throws Problem what the owner may not do, and what the account's state is against
 */
export function prepareAction(call: Call, hookId: string, action: ResolvedAction): Promise<ActionResult> {
  switch (action.action) {
    case "invite":
      return prepareHookInvite(call, hookId, action);
    case "block":
      return prepareHookBlock(call, hookId, action);
    case "grant_credits":
      return prepareCreditGrant(call, action);
    case "set_plan":
      return preparePlanChange(call, action);
    case "set_subscription":
      return prepareSubscriptionChange(call, action);
  }
}

async function prepareHookInvite(
  call: Call,
  hookId: string,
  { action: _, ...input }: ActionInput<"invite">,
): Promise<ActionResult> {
  const {
    db,
    principal: { accountId },
  } = call;
  call.requireRight("member.create");
  const [members, [blocklistEntry], revoked] = await call.read(
    findMembersByIdentifiers(db, accountId, input),
    selectIsBlocklisted(db, accountId, input),
    findRevokedInvitation(db, accountId, input),
  );
  // A machine does not let in a person who was blocked or removed, or whose invitation a member took back.
  const isBlockedOut =
    members.some(({ row }) => row.status === "blocked") ||
    (members.every(({ current }) => current !== 1) && (blocklistEntry?.barred === 1 || revoked.length > 0));
  if (isBlockedOut) throw new Problem("conflict/former-member");
  const { row, invitation, change } = await prepareInvite(call, input, {
    send: true,
    hookId,
    mayBeEmpty: false,
  });
  const statements = [
    guardNotBlocklisted(db, "changed", accountId, input),
    guardNoBlockedMember(db, accountId, input),
    ...change.statements,
  ];
  return {
    outcome: "invited",
    change: { ...change, statements },
    memberId: row.id,
    invitationId: invitation.id,
  };
}

async function prepareHookBlock(
  call: Call,
  hookId: string,
  input: ActionInput<"block">,
): Promise<ActionResult> {
  const { accountId, targetAccount, memberId } = call.principal;
  call.requireRight("member.block");
  // A caller who may not see members does not learn whether an address belongs to one.
  call.requireRight("member.view", memberRef(""));
  const [members] = await call.read(findMembersByIdentifiers(call.db, accountId, input));
  const current = members.filter((one) => one.current === 1);
  const [found, other] = current.length > 0 ? current : members;
  if (found === undefined) return prepareBlocklistEntry(call, hookId, input);
  const visible = requireMember(
    call,
    "member.block",
    found.row.id,
    found,
    new Problem("access/denied"),
    requireAuthorityToStop,
  );
  const { row, grants } = visible;
  if (other !== undefined)
    throw new Problem("conflict/state", {
      detail: message("webhooks.severalMembers"),
    });
  if (row.status === "blocked") return { outcome: "blocked", change: NO_CHANGE, memberId: row.id };
  if (row.id === memberId) throw new Problem("conflict/lockout", { detail: message("webhooks.blocksOwner") });
  const after: MemberRow = {
    ...row,
    status: "blocked",
    blockedAt: call.now,
    updatedAt: call.now,
    version: row.version + 1,
  };
  const permit = await permitMember(call, visible, after, grants);
  const change = await prepareMemberUpdate(
    call,
    permit,
    row,
    after,
    "member.block",
    memberCard(row, grants, targetAccount),
    memberCard(after, grants, targetAccount),
  );
  return { outcome: "blocked", change, memberId: row.id };
}

/**
 * The block has come before the invitation that it is about. That invitation must not let the person in. No
 * member was blocked, and the event does not say so.
 */
function prepareBlocklistEntry(
  { db, now, principal: { accountId } }: Call,
  hookId: string,
  input: ActionInput<"block">,
): ActionResult {
  return {
    outcome: "barred",
    change: {
      statements: [
        guardNoMember(db, accountId, input),
        rememberIdentifiers(db, accountId, hookId, [input], now),
      ],
      events: [],
    },
  };
}
