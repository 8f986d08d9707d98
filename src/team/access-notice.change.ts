import type { Call } from "../identity/call.ts";
import { newId } from "../kernel/id.ts";
import type { Letter } from "../mail/letter.ts";
import { wants } from "../mail/notice.ts";
import type { MemberRow } from "./member.card.ts";

/** What decides about a member's access, as far as it was changed. */
type Access = Partial<Record<"roles" | "rights" | "grants" | "objectGroupIds", unknown>>;

const MEMBERS = ["roles", "rights", "grants", "objectGroupIds"] as const;

/** Tells a member who has joined that somebody else changed what they may do, unless they do not want to hear of it. */
export function accessNotice({ principal: { memberId, member, account }, now }: Call, row: MemberRow, was: Access, is: Access): Letter[] {
  const isChanged = MEMBERS.some((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  if (!isChanged || row.id === memberId || row.status !== "active" || !wants(row.notifications, "access_changed")) return [];
  return [{
    id: newId("mail", now), to: row.email, language: row.language ?? account.settings.locale, template: "access_changed",
    memberId: row.id, account: account.name, by: member.username,
  }];
}
