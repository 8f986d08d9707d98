import { z } from "zod";
import { AMOUNT_MAX } from "../../credits/ledger-command.ts";
import { currency, displayName, money } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { type RequestFault, Problem } from "../../kernel/http/problem.ts";
import type { TierFeatures, TierRow } from "../../kernel/schema/tier.ts";
import { PlanBody } from "./plan.card.ts";
import { message } from "../../kernel/messages/message.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const Features = z.strictObject({
  restrictedAccounts: PlanBody.shape.restrictedAccounts.optional(),
  memberLimit: PlanBody.shape.memberLimit.unwrap().optional().describe("null: no limit."),
});

const tierFields = {
  names: z.strictObject({ en: displayName(100), ru: displayName(100) }),
  price: z.strictObject({
    amount: money.describe("In the smallest unit of the currency, such as cents."),
    currency,
  }),
  features: Features.describe(
    "What an account's plan becomes while the tier is in force. What is left out stays as it is.",
  ),
  creditsPerMonth: z
    .int()
    .min(0)
    .max(AMOUNT_MAX)
    .describe("Given once in each calendar month (UTC) in which the tier comes into force."),
  selfService: z
    .boolean()
    .describe("Free tiers only: members with billing.edit put it in force themselves, at once."),
  offered: z.boolean().describe("Accounts may choose it. False: only the platform and its hooks set it."),
};

export const NewTier = z
  .strictObject({
    key: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,59}$/, ruleText("accounts.tierKey"))
      .describe("As hooks and subscriptions name it."),
    ...tierFields,
    features: tierFields.features.default({}),
    creditsPerMonth: tierFields.creditsPerMonth.default(0),
    selfService: tierFields.selfService.default(false),
    offered: tierFields.offered.default(true),
  })
  .meta({ id: "NewTier" });

export const TierPatch = z.strictObject(tierFields).partial().meta({ id: "TierPatch" });

export const TierCard = z
  .object({
    key: z.string(),
    ...tierFields,
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Tier" });

export const tierCard = ({ credits, createdAt, updatedAt, ...row }: TierRow): z.infer<typeof TierCard> => ({
  ...row,
  creditsPerMonth: credits,
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
});

/**
 * A tier that members put in force themselves gives nothing that the platform is paid for.
 * @throws Problem validation
 */
export function requireValidSelfService({
  selfService,
  price,
  features,
}: Pick<TierRow, "selfService" | "price" | "features">): void {
  if (!selfService) return;
  const errors: RequestFault[] = [
    ...(price.amount === 0
      ? []
      : [{ pointer: "/price/amount", detail: message("accounts.freeSelfService") }]),
    ...(features.restrictedAccounts === true
      ? [
          {
            pointer: "/features/restrictedAccounts",
            detail: message("accounts.platformFeature"),
          },
        ]
      : []),
  ];
  if (errors.length > 0) throw new Problem("validation", { errors });
}

/** Features as they were sent, without those that were left out. */
export const featuresOf = (features: z.infer<typeof Features>): TierFeatures =>
  Object.fromEntries(Object.entries(features).filter(([, value]) => value !== undefined));
