import { memberRef } from "../../access/decision.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
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
import type { Done } from "./done.ts";
import { findMembers, findRevoked, guardNobody, guardNobodyBlocked } from "./known.store.ts";
import type { Wanted } from "./mapping.ts";
import { giveCredits, setPlan, setSubscription } from "./platform-action.change.ts";

type Of<Name extends Wanted["action"]> = Extract<Wanted, { action: Name }>;

/**
 * Does what a rule wants with the rights of the hook's owner, all but writing it.
 * @throws Problem what the owner may not do, and what the account's state is against
 */
export function done(call: Call, hookId: string, wanted: Wanted): Promise<Done> {
  switch (wanted.action) {
    case "invite":
      return inviting(call, hookId, wanted);
    case "block":
      return blocking(call, hookId, wanted);
    case "grant_credits":
      return giveCredits(call, wanted);
    case "set_plan":
      return setPlan(call, wanted);
    case "set_subscription":
      return setSubscription(call, wanted);
  }
}

async function inviting(call: Call, hookId: string, { action: _, ...wanted }: Of<"invite">): Promise<Done> {
  const {
    db,
    principal: { accountId },
  } = call;
  call.requireRight("member.create");
  const [members, [former], revoked] = await call.read(
    findMembers(db, accountId, wanted),
    selectIsBlocklisted(db, accountId, wanted),
    findRevoked(db, accountId, wanted),
  );
  // A machine does not let in a person who was blocked or removed, or whose invitation a member took back.
  const isOut =
    members.some(({ row }) => row.status === "blocked") ||
    (members.every(({ current }) => current !== 1) && (former?.barred === 1 || revoked.length > 0));
  if (isOut) throw new Problem("conflict/former-member");
  const { row, invitation, change } = await prepareInvite(call, wanted, {
    send: true,
    hookId,
    mayBeEmpty: false,
  });
  const statements = [
    guardNotBlocklisted(db, "changed", accountId, wanted),
    guardNobodyBlocked(db, accountId, wanted),
    ...change.statements,
  ];
  return {
    outcome: "invited",
    change: { ...change, statements },
    memberId: row.id,
    invitationId: invitation.id,
  };
}

async function blocking(call: Call, hookId: string, wanted: Of<"block">): Promise<Done> {
  const { accountId, targetAccount, memberId } = call.principal;
  call.requireRight("member.block");
  // A caller who may not see members does not learn whether an address belongs to one.
  call.requireRight("member.view", memberRef(""));
  const [members] = await call.read(findMembers(call.db, accountId, wanted));
  const current = members.filter((one) => one.current === 1);
  const [found, other] = current.length > 0 ? current : members;
  if (found === undefined) return keptOut(call, hookId, wanted);
  const seen = requireMember(
    call,
    "member.block",
    found.row.id,
    found,
    new Problem("access/denied"),
    requireAuthorityToStop,
  );
  const { row, grants } = seen;
  if (other !== undefined)
    throw new Problem("conflict/state", {
      detail: "The address and the external id are more than one member's.",
    });
  if (row.status === "blocked") return { outcome: "blocked", change: NOTHING, memberId: row.id };
  if (row.id === memberId)
    throw new Problem("conflict/lockout", { detail: "A hook does not block its owner." });
  const after: MemberRow = {
    ...row,
    status: "blocked",
    blockedAt: call.now,
    updatedAt: call.now,
    version: row.version + 1,
  };
  const permit = await permitMember(call, seen, after, grants);
  const change = await prepareMemberUpdate(
    call,
    permit,
    row,
    after,
    "member.block",
    memberCard(row, grants, targetAccount.name),
    memberCard(after, grants, targetAccount.name),
  );
  return { outcome: "blocked", change, memberId: row.id };
}

const NOTHING: Change = { statements: [], events: [] };

/**
 * The block has come before the invitation that it is about. That invitation must not let the person in. No
 * member was blocked, and the event does not say so.
 */
function keptOut({ db, now, principal: { accountId } }: Call, hookId: string, wanted: Of<"block">): Done {
  return {
    outcome: "barred",
    change: {
      statements: [
        guardNobody(db, accountId, wanted),
        rememberIdentifiers(db, accountId, hookId, [wanted], now),
      ],
      events: [],
    },
  };
}
