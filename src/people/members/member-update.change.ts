import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { endSessionsOf } from "../../gate/credentials/session.store.ts";
import type { Statement } from "../../kernel/db.ts";
import { loadAccessMails, loadBlockMails } from "./access-mail.load.ts";
import { rememberIdentifiers } from "./blocklist.store.ts";
import type { MemberRow } from "./member.card.ts";
import { requireOwnerStays } from "./member.load.ts";
import { guardMember, guardTopRole, MEMBER_EMAIL_COLUMNS, updateMember } from "./member.store.ts";
import { endOfferTo } from "../../gate/credentials/ownership-offer.store.ts";

export type MemberUpdateAction = "member.edit" | "member.block";

/** What is written and told beside the member's row. */
export interface MemberExtraWrites {
  readonly note?: Readonly<Record<string, unknown>>;
  readonly statements?: readonly Statement[];
  readonly events?: readonly AuditEvent[];
}

/**
 * Writes a changed member. The account never loses its owner or the last holder of its top role.
 * @param cardAfter the new card: it is answered, and compared with `cardBefore` for the log
 */
export async function prepareMemberUpdate(
  call: Call,
  permit: Permit,
  row: MemberRow,
  after: MemberRow,
  right: MemberUpdateAction,
  cardBefore: object,
  cardAfter: object,
  extraWrites: MemberExtraWrites = {},
): Promise<Change> {
  const { topRole } = call.principal.preset;
  requireOwnerStays(call, row, after, topRole);
  if (after === row) return { statements: [guardMember(call.db, row)], events: [] };
  const leavesTop =
    row.status === "active" &&
    row.roles.includes(topRole) &&
    !(after.status === "active" && after.roles.includes(topRole));
  return {
    statements: [
      guardMember(call.db, row),
      ...(leavesTop ? [guardTopRole(call.db, row.accountId, row.id, topRole)] : []),
      ...endingStatements(call, row, after),
      updateMember(call.db, permit, after),
      ...(extraWrites.statements ?? []),
    ],
    events: [
      call.event(
        right,
        { type: "member", id: row.id },
        { changes: diffFields(cardBefore, { ...cardAfter, ...extraWrites.note }) },
      ),
      ...(extraWrites.events ?? []),
    ],
    mails: [
      ...(await loadAccessMails(call, row, cardBefore, cardAfter)),
      ...(await loadBlockMails(call, row, after)),
    ],
    guardProblems: { last_admin: "conflict/last-admin" },
    duplicateProblems: { [MEMBER_EMAIL_COLUMNS]: "conflict/duplicate-member" },
  };
}

/** What ends with a block, and the former address, under which the person stays known. */
function endingStatements({ db, now }: Call, row: MemberRow, after: MemberRow): Statement[] {
  const isBlocked = after.status === "blocked" && row.status !== "blocked";
  const former = [{ email: row.email, externalId: null }];
  return [
    // An unblocked member must sign in again.
    ...(isBlocked ? [endSessionsOf(db, row.id, null, now), endOfferTo(db, row.id)] : []),
    ...(after.email === row.email ? [] : [rememberIdentifiers(db, row.accountId, row.id, former, now)]),
  ];
}
