import { z } from "zod";
import { RightName } from "../../access/right-name.ts";
import { RIGHT_NAMES } from "../../access/right.ts";
import { displayName, instant } from "../../kernel/http/body.ts";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import { ADDRESS_RULES_MAX } from "./address-rule.ts";

/** Milliseconds for which a key waits to be claimed by its member. */
export const CLAIM_TTL_MS = 7 * 24 * 60 * 60 * 1000;

const optionalTime = z.iso.datetime().nullable();

export const NewKeyBody = z
  .strictObject({
    name: displayName(100),
    scopes: z
      .array(RightName)
      .max(RIGHT_NAMES.length)
      .nullable()
      .default(null)
      .describe("Rights that the key is narrowed to; null is all that its member has, live."),
    allowedIps: z.array(z.string().max(64)).max(ADDRESS_RULES_MAX).default([]),
    allowAny: z.boolean().default(false),
    expiresAt: instant.nullable().default(null),
    revokeKeys: z
      .boolean()
      .default(false)
      .describe(
        "Revoke every API key that the member has, in the same step. " +
          "Needed for another member who calls with a key and does not sign in by mail.",
      ),
  })
  .meta({ id: "NewApiKey" });

export const KeyCard = z
  .object({
    id: z.string(),
    memberId: z.string(),
    createdBy: z.string(),
    name: z.string(),
    status: z
      .enum(["waiting", "active", "expired", "revoked"])
      .describe("waiting: its claim was not exchanged yet."),
    prefix: z.string().nullable().describe("The first characters of the secret."),
    last4: z.string().nullable().describe("Its last characters."),
    scopes: z
      .array(z.string())
      .nullable()
      .describe("Rights that it is narrowed to; null: all of its member."),
    allowedIps: z.array(z.string()).describe("Addresses and ranges to call from; none: any."),
    expiresAt: optionalTime,
    revokedAt: optionalTime,
    lastUsedAt: optionalTime.describe("To the hour."),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "ApiKey" });

export const ClaimCard = z
  .object({
    token: z.string().optional().describe("Left out where it was mailed. Shown once."),
    mailed: z.boolean(),
    expiresAt: z.iso.datetime(),
  })
  .describe(
    "For the member, who exchanges the token for the key, once, with POST /v1/auth/claims. " +
      "It is mailed where a person signs in as the member. Else it is shown to you, to hand over, " +
      "and only while the member has no good key.",
  )
  .meta({ id: "KeyClaim" });
export type ClaimCard = z.infer<typeof ClaimCard>;

export const CreatedKeyCard = KeyCard.extend({
  secret: z.string().optional().describe("Shown once, to the key's own member only."),
  claim: ClaimCard.optional(),
}).meta({ id: "CreatedApiKey", extends: "ApiKey" });

export interface KeyFacts {
  readonly id: string;
  readonly memberId: string;
  readonly createdBy: string;
  readonly name: string;
  readonly hash: string | null;
  readonly prefix: string | null;
  readonly last4: string | null;
  readonly scopes: readonly string[] | null;
  readonly allowedIps: readonly string[];
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly createdAt: number;
}

/** What may be shown of a key. Never its hash. */
export const keyCard = (row: KeyFacts, now: number) => ({
  id: row.id,
  memberId: row.memberId,
  createdBy: row.createdBy,
  name: row.name,
  status: keyStatus(row, now),
  prefix: row.prefix,
  last4: row.last4,
  scopes: row.scopes,
  allowedIps: row.allowedIps,
  expiresAt: isoOrNull(row.expiresAt),
  revokedAt: isoOrNull(row.revokedAt),
  lastUsedAt: isoOrNull(row.lastUsedAt),
  createdAt: iso(row.createdAt),
});

function keyStatus(row: KeyFacts, now: number): "waiting" | "active" | "expired" | "revoked" {
  if (row.revokedAt !== null) return "revoked";
  if (row.expiresAt !== null && row.expiresAt <= now) return "expired";
  return row.hash === null ? "waiting" : "active";
}
