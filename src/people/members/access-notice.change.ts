import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import { findMailRecipient } from "../../gate/credentials/member.store.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { newId } from "../../kernel/id.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { confirmedAddress, isNoticeWanted } from "../../channels/mail/notice.ts";
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
): Promise<MailMessage[]> {
  const { memberId, member, targetAccount } = principal;
  const isChanged = FIELDS.some((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  if (
    !isChanged ||
    row.id === memberId ||
    row.status !== "active" ||
    !isNoticeWanted(row.notifications, "access_changed")
  )
    return [];
  const [addressee] = await findMailRecipient(db, row.id);
  const to = addressee === undefined ? null : confirmedAddress(addressee);
  return to === null
    ? []
    : [
        {
          id: newId("mail", now),
          to,
          language: row.language ?? targetAccount.settings.locale,
          template: "access_changed",
          memberId: row.id,
          account: targetAccount.name,
          by: member.username,
        },
      ];
}

/** The security mail of a block; none to a member who never came in. */
export const blockLetters = async (call: Call, row: MemberRow, after: MemberRow): Promise<MailMessage[]> =>
  after.status === "blocked" && row.status !== "blocked" && hasJoined(row)
    ? loadSecurityMails(call, row.id, "blocked")
    : [];
