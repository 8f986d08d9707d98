import { diffFields } from "../../audit/chain/difference.ts";
import type { AuditEvent } from "../../audit/chain/event.ts";
import type { Call, Change } from "../../gate/calls/call.ts";
import type { Permit } from "../../gate/permits/permit.ts";
import { endSessionsOf } from "../../gate/credentials/session.store.ts";
import type { Statement } from "../../kernel/db.ts";
import { accessNotice, blockLetters } from "./access-notice.change.ts";
import { rememberNames } from "./former.store.ts";
import type { MemberRow } from "./member.card.ts";
import { keepOwner } from "./member.change.ts";
import { guardMember, guardTopRole, MEMBER_EMAIL, updateMember } from "./member.store.ts";
import { endOfferTo } from "../../gate/credentials/ownership-offer.store.ts";

export type MemberChange = "member.edit" | "member.block";

/** What is written and told beside the member's row. */
export interface Beside {
  readonly note?: Readonly<Record<string, unknown>>;
  readonly statements?: readonly Statement[];
  readonly events?: readonly AuditEvent[];
}

/**
 * Writes a changed member. The account never loses its owner or the last holder of its top role. @param is
 * the new card: it is answered, and compared with `was` for the log
 */
export async function savedMember(
  call: Call,
  permit: Permit,
  row: MemberRow,
  after: MemberRow,
  right: MemberChange,
  was: object,
  is: object,
  beside: Beside = {},
): Promise<Change> {
  const { topRole } = call.principal.preset;
  keepOwner(call, row, after, topRole);
  if (after === row) return { statements: [guardMember(call.db, row)], events: [] };
  const leavesTop =
    row.status === "active" &&
    row.roles.includes(topRole) &&
    !(after.status === "active" && after.roles.includes(topRole));
  return {
    statements: [
      guardMember(call.db, row),
      ...(leavesTop ? [guardTopRole(call.db, row.accountId, row.id, topRole)] : []),
      // An unblocked member must sign in again.
      ...(after.status === "blocked" && row.status !== "blocked"
        ? [endSessionsOf(call.db, row.id, null, call.now), endOfferTo(call.db, row.id)]
        : []),
      ...(after.email === row.email
        ? []
        : [
            rememberNames(call.db, row.accountId, row.id, [{ email: row.email, externalId: null }], call.now),
          ]),
      updateMember(call.db, permit, after),
      ...(beside.statements ?? []),
    ],
    events: [
      call.event(
        right,
        { type: "member", id: row.id },
        { changes: diffFields(was, { ...is, ...beside.note }) },
      ),
      ...(beside.events ?? []),
    ],
    mails: [...(await accessNotice(call, row, was, is)), ...(await blockLetters(call, row, after))],
    guardProblems: { last_admin: "conflict/last-admin" },
    duplicateProblems: { [MEMBER_EMAIL]: "conflict/duplicate-member" },
  };
}
