import { z } from "zod";
import { instant, optionalText } from "../kernel/http/body.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { idSchema } from "../kernel/id.ts";
import { listQuery } from "../kernel/http/page.ts";
import { LIMIT_PERIODS } from "../kernel/schema/team.ts";
import type { PostedEntry } from "./ledger-entry.ts";
import { AMOUNT_MAX } from "./ledger-command.ts";
import type { SpendingFigures } from "./spending-limit.ts";
import { LOT_KINDS } from "./lot.ts";

/** What the routes of this room take and show. Times are ISO 8601 in UTC. */

const amount = z.int().min(1).max(AMOUNT_MAX).describe("Whole credits.");
const epochTime = instant.transform((value) => Date.parse(value));

export const NewSpend = z
  .strictObject({
    amount,
    description: optionalText(500).default(null).describe("What for; shown in the ledger."),
  })
  .meta({ id: "NewSpend" });

export const NewGrant = z
  .strictObject({
    kind: z.enum(LOT_KINDS),
    amount,
    priority: z.int().min(0).max(1_000).default(100).describe("Lots with the lower number are spent first."),
    effectiveAt: epochTime
      .nullable()
      .default(null)
      .describe("When it may first be spent; by default at once."),
    expiresAt: epochTime.nullable().default(null).describe("When what is left of it ends; by default never."),
  })
  .meta({ id: "NewCreditGrant" });

const spendingFields = {
  limit: z
    .int()
    .nullable()
    .describe("What the member may spend in a period; null: all that the account has."),
  limitPeriod: z.enum(LIMIT_PERIODS).describe("Afterwards the limit begins again; lifetime: never."),
  spent: z.int().describe("In the current period."),
  remaining: z.int().describe("What the member may spend now."),
};

export const SpendCard = z
  .object({
    id: z.string(),
    at: z.string(),
    memberId: z.string(),
    amount: z.int(),
    description: z.string().nullable(),
    ...spendingFields,
  })
  .meta({ id: "Spend" });

export const GrantCard = z
  .object({
    id: z.string(),
    at: z.string(),
    accountId: z.string(),
    lotId: z.string(),
    kind: z.enum(LOT_KINDS),
    amount: z.int(),
    priority: z.int(),
    effectiveAt: z.string(),
    expiresAt: z.string().nullable(),
    balance: z.int(),
  })
  .meta({ id: "CreditGrant" });

export const SummaryCard = z
  .object({
    memberId: z.string(),
    ...spendingFields,
    balance: z
      .int()
      .optional()
      .describe("Of the account, with lots that begin later. For those who see all of it."),
    available: z.int().optional().describe("Of the account, now. For those who see all of it."),
  })
  .meta({ id: "CreditSummary" });

export const BalanceCard = z
  .object({ accountId: z.string(), balance: z.int(), available: z.int() })
  .meta({ id: "CreditBalance" });

export const LedgerQuery = z.strictObject({
  ...listQuery,
  memberId: idSchema("member").optional().describe("Only what this member spent."),
});

export const EntryCard = z
  .object({
    id: z.string(),
    kind: z.enum(["grant", "spend", "expire"]),
    at: z.string(),
    memberId: z.string().nullable(),
    amount: z.int().describe("What it added to the balance: below 0 when credits went."),
    description: z.string().nullable(),
    lotId: z.string().nullable(),
    billedTo: z
      .string()
      .nullable()
      .describe(
        "Of what was spent: the member who owned the account then, also when another member spent it.",
      ),
    balance: z.int().optional().describe("After it. For those who see all of the account's credits."),
  })
  .meta({ id: "LedgerEntry" });

export const spendingCard = ({ limit, limitPeriod, spent, remaining }: SpendingFigures): SpendingFigures => ({
  limit,
  limitPeriod,
  spent,
  remaining,
});

/**
 * Of the member's own numbers only: nothing of the account's. Made from the entry alone, so that a replay
 * says the same.
 */
export function spendCard(entry: PostedEntry): z.infer<typeof SpendCard> | null {
  const { id, at, memberId, description, outcome } = entry;
  if (outcome.kind !== "spent" || memberId === null) return null;
  return { id, at: iso(at), memberId, amount: outcome.required, description, ...spendingCard(outcome) };
}

export function grantCard(accountId: string, entry: PostedEntry): z.infer<typeof GrantCard> | null {
  const { id, at, lotId, balance, outcome } = entry;
  if (outcome.kind !== "granted" || lotId === null) return null;
  const { effectiveAt, expiresAt, ...lot } = outcome.lot;
  return {
    id,
    at: iso(at),
    accountId,
    lotId,
    ...lot,
    effectiveAt: iso(effectiveAt),
    expiresAt: isoOrNull(expiresAt),
    balance,
  };
}

export function entryCard(entry: PostedEntry, canSeeBalance: boolean): z.infer<typeof EntryCard> {
  const { id, kind, at, memberId, amount: amountMoved, description, lotId, balance, context } = entry;
  return {
    id,
    kind,
    at: iso(at),
    memberId,
    amount: amountMoved,
    description,
    lotId,
    billedTo: context.billedTo ?? null,
    ...(canSeeBalance ? { balance } : {}),
  };
}
