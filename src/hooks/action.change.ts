import type { TypeTable } from "../access/type.ts";
import type { Call, Change } from "../identity/call.ts";
import { sha256Hex } from "../kernel/digest.ts";
import { invite } from "../invitations/invite.change.ts";
import { Problem } from "../kernel/problem.ts";
import { memberCard, type MemberRow } from "../team/member.card.ts";
import { requireMember } from "../team/member.change.ts";
import { savedMember } from "../team/saved-member.change.ts";
import type { Done } from "./done.ts";
import { findFormer, findMembers, findRevoked, guardNobody, guardNotFormer, insertFormer, type Whom } from "./known.store.ts";
import type { Wanted } from "./mapping.ts";
import { giveCredits, setPlan, setSubscription } from "./platform-action.change.ts";

type Of<Name extends Wanted["action"]> = Extract<Wanted, { action: Name }>;

/**
 * Does what a rule wants with the rights of the hook's owner, all but writing it.
 * @throws Problem what the owner may not do, and what the account's state is against
 */
export function done(call: Call, types: TypeTable, hookId: string, wanted: Wanted): Promise<Done> {
  switch (wanted.action) {
    case "invite": return inviting(call, types, hookId, wanted);
    case "block": return blocking(call, hookId, wanted);
    case "grant_credits": return giveCredits(call, hookId, wanted);
    case "set_plan": return setPlan(call, wanted);
    case "set_subscription": return setSubscription(call, wanted);
  }
}

const whom = ({ email, externalId }: { email: string | null; externalId: string | null }): Whom =>
  ({ email, externalId, emailHash: email === null ? null : sha256Hex(email) });

async function inviting(call: Call, types: TypeTable, hookId: string, { action: _, ...wanted }: Of<"invite">): Promise<Done> {
  const { accountId } = call.principal;
  call.decide("member.create");
  const [members, former, revoked] = await call.read(
    findMembers(call.db, accountId, whom(wanted)), findFormer(call.db, accountId, whom(wanted)), findRevoked(call.db, accountId, whom(wanted)));
  // Whoever was blocked, was removed, or whose invitation a person took back, does not come in by a machine.
  const isOut = members.some(({ row }) => row.status === "blocked") || (members.length === 0 && former.length + revoked.length > 0);
  if (isOut) throw new Problem("conflict/former-member");
  const { row, invitation, change } = await invite(call, types, wanted, { send: true, hookId });
  const statements = [guardNotFormer(call.db, accountId, whom(wanted)), ...change.statements];
  return { outcome: "invited", change: { ...change, statements }, memberId: row.id, invitationId: invitation.id };
}

async function blocking(call: Call, hookId: string, wanted: Of<"block">): Promise<Done> {
  const { accountId, account, memberId } = call.principal;
  call.decide("member.block");
  const [[found, other]] = await call.read(findMembers(call.db, accountId, whom(wanted)));
  if (found === undefined) return keptOut(call, hookId, wanted);
  const { row, grants } = requireMember(call, "member.block", found.row.id, found, new Problem("access/denied"));
  if (other !== undefined) throw new Problem("conflict/state", { detail: "The address is one member's, and the external id another's." });
  if (row.status === "blocked") return { outcome: "blocked", change: NOTHING, memberId: row.id };
  if (row.id === memberId) throw new Problem("conflict/lockout", { detail: "A hook does not block its owner." });
  const after: MemberRow = { ...row, status: "blocked", blockedAt: call.now, updatedAt: call.now, version: row.version + 1 };
  const change = savedMember(call, row, after, "member.block", memberCard(row, grants, account.name), memberCard(after, grants, account.name));
  return { outcome: "blocked", change, memberId: row.id };
}

const NOTHING: Change = { statements: [], events: [] };

/** The block has come before the invitation that it is about: that one must not bring them in. */
function keptOut({ db, now, principal: { accountId } }: Call, hookId: string, wanted: Of<"block">): Done {
  const { email, externalId } = wanted;
  const emailHash = email === null ? sha256Hex(`external id ${externalId ?? ""}`) : sha256Hex(email);
  const statements = [guardNobody(db, accountId, whom(wanted)), insertFormer(db, accountId, { emailHash, externalId }, hookId, now)];
  return { outcome: "blocked", change: { statements, events: [] } };
}
