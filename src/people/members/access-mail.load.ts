import { hasJoined } from "../../gate/calls/joined-member.ts";
import type { Call } from "../../gate/calls/call.ts";
import { findMailRecipient } from "../../gate/credentials/member.store.ts";
import { loadSecurityMails } from "../../gate/calls/security-mail.load.ts";
import { newId } from "../../kernel/id.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { confirmedAddress, isNoticeWanted } from "../../channels/mail/notice.ts";
import type { MemberRow } from "./member.card.ts";

/** What decides about a member's access, as far as it was changed. */
type AccessFields = Partial<Record<"roles" | "rights" | "grants" | "objectGroupIds", unknown>>;

const ACCESS_FIELDS = ["roles", "rights", "grants", "objectGroupIds"] as const;

/**
 * Reports to a member who has joined that another member changed what they may do, unless they unsubscribed.
 */
export async function loadAccessMails(
  { db, principal, now }: Call,
  row: MemberRow,
  before: AccessFields,
  after: AccessFields,
): Promise<MailMessage[]> {
  const { memberId, member, targetAccount } = principal;
  const isChanged = ACCESS_FIELDS.some(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  if (
    !isChanged ||
    row.id === memberId ||
    row.status !== "active" ||
    !isNoticeWanted(row.notifications, "access_changed")
  )
    return [];
  const [recipient] = await findMailRecipient(db, row.id);
  const to = recipient === undefined ? null : confirmedAddress(recipient);
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
export const loadBlockMails = async (call: Call, row: MemberRow, after: MemberRow): Promise<MailMessage[]> =>
  after.status === "blocked" && row.status !== "blocked" && hasJoined(row)
    ? loadSecurityMails(call, row.id, "blocked")
    : [];
