import { z } from "zod";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import type { InvitationRow } from "../../kernel/schema/invitation.ts";

const LINK_STATUSES = ["pending", "used", "revoked", "expired"] as const;
type LinkStatus = (typeof LINK_STATUSES)[number];

export const LinkCard = z
  .object({
    id: z.string(),
    accountId: z.string(),
    name: z.string().nullable(),
    role: z.string().describe("The role of a member who joins by it. Access is granted afterwards."),
    status: z.enum(LINK_STATUSES).describe("Used: as often as it may be."),
    maxUses: z.number().int().nullable().describe("Null: no limit but a hundred joins a day."),
    uses: z.number().int(),
    invitedBy: z.string(),
    expiresAt: z.string(),
    createdAt: z.string(),
    revokedAt: z.string().nullable(),
    updatedAt: z.string(),
  })
  .meta({ id: "OperatorLink" });

/** @param now milliseconds since the epoch */
export function linkStatus({ status, uses, maxUses, expiresAt }: InvitationRow, now: number): LinkStatus {
  if (status === "revoked") return "revoked";
  if (uses >= (maxUses ?? Infinity)) return "used";
  return expiresAt <= now ? "expired" : "pending";
}

/** @param now milliseconds since the epoch */
export const linkCard = (row: InvitationRow, now: number) => ({
  id: row.id,
  accountId: row.accountId,
  name: row.name,
  role: row.role ?? "",
  status: linkStatus(row, now),
  maxUses: row.maxUses,
  uses: row.uses,
  invitedBy: row.invitedBy,
  expiresAt: iso(row.expiresAt),
  createdAt: iso(row.createdAt),
  revokedAt: isoOrNull(row.revokedAt),
  updatedAt: iso(row.updatedAt),
});
