import { z } from "zod";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import type { ResourceRow } from "../../kernel/schema/resource.ts";
import type { TierChoiceRow } from "../../kernel/schema/tier.ts";
import { hasCardNumber } from "./card-number.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const CARD_NUMBER_RULE = ruleText("products.cardNumber");
const hasNoCardNumber = (value: string | null): boolean => value === null || !hasCardNumber(value);
const requiredLine = (max: number) => singleLineText(max).refine(hasNoCardNumber, CARD_NUMBER_RULE);
const optionalLine = (max: number) => optionalText(max).refine(hasNoCardNumber, CARD_NUMBER_RULE).optional();

const BillingAddress = z.strictObject({
  name: optionalLine(200),
  company: optionalLine(200),
  street: optionalLine(300),
  city: optionalLine(100),
  postalCode: optionalLine(20),
  region: optionalLine(100),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, ruleText("validation.countryCode"))
    .nullable()
    .optional(),
  taxId: optionalLine(40),
});

/** What may be shown of a card, as the payment provider says it. */
const CardSummary = z.strictObject({
  brand: z.enum(["visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay", "mir", "other"]),
  last4: z.string().regex(/^[0-9]{4}$/, ruleText("products.lastFour")),
  expiry: z.string().regex(/^20[0-9]{2}-(?:0[1-9]|1[0-2])$/, ruleText("products.month")),
});

const token = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9]{0,15}_[A-Za-z0-9_-]{6,200}$/, {
    error: ruleText("products.paymentToken"),
    abort: true,
  })
  .refine((value) => !hasCardNumber(value), CARD_NUMBER_RULE);

export const BillingPatch = z
  .strictObject({
    tier: requiredLine(60)
      .optional()
      .describe("A tier of GET /v1/tiers. It waits for the platform, unless it is free and selfService."),
    address: BillingAddress.nullable().optional(),
    card: z
      .strictObject({
        token: token.describe("From the payment provider. Never shown again."),
        ...CardSummary.shape,
      })
      .nullable()
      .optional()
      .describe("null takes the card off."),
  })
  .meta({ id: "BillingPatch" });

export const BillingCard = z
  .object({
    tier: z.string().nullable().describe("Of the subscription, as it is now."),
    choice: z
      .object({ tier: z.string(), invoiceId: z.string(), chosenAt: z.string() })
      .nullable()
      .describe("A tier that was chosen and that the platform has not settled yet."),
    address: BillingAddress.nullable(),
    card: CardSummary.nullable(),
    billedTo: z
      .string()
      .describe("The member who owns the account. The owner is billed, also when another member buys."),
    updatedAt: z.string().nullable(),
    version: z.int().describe("0 until something is set."),
  })
  .meta({ id: "Billing" });

/** What an account has said of its billing; the token is separate, under a name that no answer shows. */
export interface Billing {
  readonly address: z.infer<typeof BillingAddress> | null;
  readonly card: z.infer<typeof CardSummary> | null;
  readonly "#token": string | null;
}

export const toBilling = (row: ResourceRow | undefined): Billing => ({
  address: null,
  card: null,
  "#token": null,
  ...row?.attributes,
});

export function applyBillingPatch(
  billing: Billing,
  { address, card }: z.infer<typeof BillingPatch>,
): Billing {
  const { token: newToken, ...summary } = card ?? { token: null };
  return {
    ...billing,
    address: address === undefined ? billing.address : address,
    ...(card === undefined
      ? {}
      : { card: card === null ? null : (summary as Billing["card"]), "#token": newToken }),
  };
}

/** What the audit log gets, too. */
export const publicBilling = ({ address, card }: Billing) => ({ address, card });

/** The tier of the subscription, and what was chosen beside it. */
export interface TierState {
  readonly tier: string | null;
  readonly choice: TierChoiceRow | undefined;
}

export const choiceCard = (choice: TierChoiceRow | undefined) =>
  choice === undefined
    ? null
    : { tier: choice.tier, invoiceId: choice.invoiceId, chosenAt: iso(choice.chosenAt) };

export const billingCard = (
  billing: Billing,
  { tier, choice }: TierState,
  row: Pick<ResourceRow, "version" | "updatedAt"> | undefined,
  billedTo: string,
) => ({
  tier,
  choice: choiceCard(choice),
  ...publicBilling(billing),
  billedTo,
  updatedAt: row === undefined ? null : iso(row.updatedAt),
  version: row?.version ?? 0,
});
