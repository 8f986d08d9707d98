import type { LoadedMember } from "../gate/credentials/member.store.ts";
import { presetOfKind } from "../access/model.ts";
import { bumpAccountsBelow } from "../access/stamp.store.ts";
import { diffFields } from "../audit/chain/difference.ts";
import type { Call, Change } from "../gate/calls/call.ts";
import { requestPermit } from "../gate/permits/permit-request.ts";
import { loadSecurityMails } from "../gate/calls/security-mail.load.ts";
import { invalidField, Problem } from "../kernel/http/problem.ts";
import { memberCard, type MemberRow } from "../people/members/member.card.ts";
import { guardMember, updateMember } from "../people/members/member.store.ts";
import { endOffer } from "../gate/credentials/ownership-offer.store.ts";
import type { AccountRow } from "./account.card.ts";
import { guardAccount, updateAccount } from "./account.store.ts";
import { message } from "../kernel/messages/message.ts";

/** Seven days. */
export const OFFER_TTL_MS = 7 * 24 * 60 * 60 * 1000;

interface OwnershipMove {
  readonly account: AccountRow;
  readonly change: Change;
}

/** The member who is to own the account. @throws Problem validation, conflict/state */
export function requireActiveMember(found: LoadedMember | undefined, ownerId: string): LoadedMember {
  if (found === undefined) throw invalidField("/memberId", message("accounts.noMember"));
  if (found.row.id === ownerId) throw invalidField("/memberId", message("accounts.ownsAlready"));
  if (found.row.status === "active") return found;
  const detail = message("accounts.activeOwner");
  throw new Problem("conflict/state", { detail });
}

/**
 * The account with another owner, an active member of it, who holds the top role from then on. The owner
 * before keeps the roles. Any offer ends. What asks for the owner sees the new one in its next call, because
 * the account's version moves.
 * @param chains accounts in whose trail it is
 * @param reason of the platform; null after an acceptance
 */
export async function prepareOwnershipMove(
  call: Call,
  row: AccountRow,
  { row: member, grants }: LoadedMember,
  { chains, reason }: { readonly chains: readonly string[]; readonly reason: string | null },
): Promise<OwnershipMove> {
  const { db, now } = call;
  const { topRole } = presetOfKind(row.kind);
  const account = { ...row, ownerMemberId: member.id, updatedAt: now, version: row.version + 1 };
  const roles = member.roles.includes(topRole) ? member.roles : [topRole, ...member.roles];
  const owner: MemberRow = { ...member, roles, updatedAt: now, version: member.version + 1 };
  const changes = { before: { ownerMemberId: row.ownerMemberId }, after: { ownerMemberId: member.id } };
  const memberChanges = diffFields(memberCard(member, grants, row), memberCard(owner, grants, row));
  const events = chains.flatMap((accountId) => [
    call.event("ownership.transfer", { type: "account", id: row.id }, { accountId, changes, reason }),
    ...(roles === member.roles
      ? []
      : [
          call.event("member.edit", { type: "member", id: member.id }, { accountId, changes: memberChanges }),
        ]),
  ]);
  const mails = [
    ...(await loadSecurityMails(call, row.ownerMemberId, "ownership_moved")),
    ...(await loadSecurityMails(call, member.id, "ownership_received")),
  ];
  const permit = requestPermit(call, { kind: "ownership", memberId: member.id });
  const statements = [
    guardAccount(db, row),
    guardMember(db, member),
    endOffer(db, row.id),
    updateMember(db, permit, owner),
    updateAccount(db, account),
    bumpAccountsBelow(db, row.id),
  ];
  return { account, change: { statements, events, mails } };
}
