import { z } from "zod";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import { Problem } from "../../kernel/http/problem.ts";
import type { MailMessage } from "../../channels/mail/mail-message.ts";
import { INVITATION_KINDS, type InvitationRow } from "../../kernel/schema/invitation.ts";
import { LOCALES } from "../../kernel/schema/team.ts";
import { ACCOUNT_TYPES, accountTypeOf } from "../members/account-type.ts";
import { MemberCard } from "../members/member.card.ts";
import type { Message } from "../../kernel/messages/message.ts";

/** A pending invitation that is past its time is expired. It can still be sent again. */
export const SHOWN_INVITATION_STATUSES = ["pending", "accepted", "revoked", "expired"] as const;

export const InvitationCard = z
  .object({
    id: z.string(),
    accountId: z.string(),
    kind: z.enum(INVITATION_KINDS),
    status: z.enum(SHOWN_INVITATION_STATUSES),
    memberId: z.string().nullable().describe("The new member that waits for it; null for a link."),
    email: z.string().nullable(),
    name: z.string().nullable().describe("What a link is called."),
    role: z.string().nullable().describe("The role of a member who joins by the link."),
    externalId: z.string().nullable(),
    invitedBy: z.string(),
    hookId: z.string().nullable().describe("The inbound webhook that it came from."),
    accountType: z
      .enum(ACCOUNT_TYPES)
      .optional()
      .describe("Agencies: the kind of account that it makes; gone with its member."),
    sendCount: z.number().int().describe("How often it was sent."),
    maxUses: z.number().int().nullable().describe("How often a link may be used."),
    uses: z.number().int().describe("How often it was used."),
    expiresAt: z.string(),
    createdAt: z.string(),
    acceptedAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
    updatedAt: z.string(),
  })
  .meta({ id: "Invitation" });

/**
 * RateLimit fields of the IETF draft. @param windowMs how long a window is @param waitMs until it may be sent
 * again
 */
export function sendQuotaExceeded(
  name: string,
  quota: number,
  windowMs: number,
  waitMs: number,
  detail: Message,
): Problem {
  const wait = String(Math.max(1, Math.ceil(waitMs / 1_000)));
  return new Problem("quota-exceeded", {
    detail,
    headers: {
      "Retry-After": wait,
      "RateLimit-Policy": `"${name}";q=${quota};w=${windowMs / 1_000}`,
      RateLimit: `"${name}";r=0;t=${wait}`,
    },
  });
}

/** A member that would be made. */
export const MemberDraft = MemberCard.extend({ id: z.null() }).meta({ id: "MemberDraft" });

/** The mail that goes out, but for its text. */
export const MailCard = z
  .object({
    to: z.string(),
    language: z.enum(LOCALES),
    expiresAt: z.string().describe("Until then its link is good."),
  })
  .nullable()
  .describe("The mail that the invitation is sent by; null where none is.");

/** @param now milliseconds since the epoch @param roles of the member that waits for it */
export const invitationCard = (row: InvitationRow, now: number, roles: readonly string[]) => ({
  id: row.id,
  accountId: row.accountId,
  kind: row.kind,
  status: row.status === "pending" && row.expiresAt <= now ? ("expired" as const) : row.status,
  memberId: row.memberId,
  email: row.email,
  name: row.name,
  role: row.role,
  externalId: row.externalId,
  invitedBy: row.invitedBy,
  hookId: row.hookId,
  ...accountTypeOf(roles),
  sendCount: row.sendCount,
  maxUses: row.maxUses,
  uses: row.uses,
  expiresAt: iso(row.expiresAt),
  createdAt: iso(row.createdAt),
  acceptedAt: isoOrNull(row.acceptedAt),
  revokedAt: isoOrNull(row.revokedAt),
  updatedAt: iso(row.updatedAt),
});

/** What an answer tells of the mail with an invitation. */
export const mailCardOf = ([letter]: readonly MailMessage[]): z.infer<typeof MailCard> =>
  letter?.template === "invitation"
    ? { to: letter.to, language: letter.language, expiresAt: iso(letter.expiresAt) }
    : null;
