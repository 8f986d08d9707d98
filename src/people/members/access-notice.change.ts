import { hasArrived } from "../../gate/calls/arrival.ts";
import type { Call } from "../../gate/calls/call.ts";
import { findAddressee } from "../../gate/credentials/member.store.ts";
import { securityLetters } from "../../gate/calls/security-letter.change.ts";
import { newId } from "../../kernel/id.ts";
import type { Letter } from "../../channels/mail/letter.ts";
import { confirmedAddress, wants } from "../../channels/mail/notice.ts";
import type { MemberRow } from "./member.card.ts";

/** What decides about a member's access, as far as it was changed. */
type Access = Partial<Record<"roles" | "rights" | "grants" | "objectGroupIds", unknown>>;

const FIELDS = ["roles", "rights", "grants", "objectGroupIds"] as const;

/**
 * Reports to a member who has joined that another member changed what they may do, unless they unsubscribed.
 */
export async function accessNotice(
  { db, principal, now }: Call,
  row: MemberRow,
  was: Access,
  is: Access,
): Promise<Letter[]> {
  const { memberId, member, account } = principal;
  const isChanged = FIELDS.some((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  if (
    !isChanged ||
    row.id === memberId ||
    row.status !== "active" ||
    !wants(row.notifications, "access_changed")
  )
    return [];
  const [addressee] = await findAddressee(db, row.id);
  const to = addressee === undefined ? null : confirmedAddress(addressee);
  return to === null
    ? []
    : [
        {
          id: newId("mail", now),
          to,
          language: row.language ?? account.settings.locale,
          template: "access_changed",
          memberId: row.id,
          account: account.name,
          by: member.username,
        },
      ];
}

/** The security mail of a block; none to a member who never came in. */
export const blockLetters = async (call: Call, row: MemberRow, after: MemberRow): Promise<Letter[]> =>
  after.status === "blocked" && row.status !== "blocked" && hasArrived(row)
    ? securityLetters(call, row.id, "blocked")
    : [];
