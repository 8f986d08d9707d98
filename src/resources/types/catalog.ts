import { z } from "zod";
import { currency, money, optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { OFFER_ACTIONS } from "./offer-action.ts";
import { declareType, LEVELS } from "./declaration.ts";

/**
 * What is offered: themes, plugins and services. A team sees the platform's, a customer's organization its
 * seller's.
 */
export const catalogType = declareType({
  name: "catalog",
  title: "Catalog",
  noun: "catalog item",
  rights: {
    view: "Browse the catalog.",
    view_cost: "See cost prices and margins in the catalog.",
    edit: "Change what the catalog offers, and its files.",
    create: "Add to the catalog.",
    delete: "Remove from the catalog.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { team: "platform", customer_org: "parent" },
  stored: {
    path: "catalog",
    idPrefix: "thm",
    attributes: z.strictObject({
      name: singleLineText(200),
      vendor: singleLineText(100),
      kind: z.enum(["theme", "plugin", "service"]).default("theme"),
      licenseType: z
        .enum(["single_domain", "multi_domain", "unlimited", "subscription"])
        .default("single_domain"),
      description: optionalMultilineText(2000).default(null),
      priceCredits: z
        .number()
        .int()
        .min(0)
        .max(1_000_000_000)
        .default(0)
        .describe("Credits that a license costs when it is provisioned."),
      priceAmount: money
        .nullable()
        .default(null)
        .describe(
          "What a purchase costs, in the smallest unit of the currency; null is not for sale. " +
            "In a customer's organization: what it costs that organization.",
        ),
      currency: currency.default("EUR").describe("ISO 4217, of the price and the cost."),
      costPrice: money.nullable().default(null).describe("What it costs the account that offers it."),
      margin: z
        .number()
        .min(0)
        .max(10_000)
        .nullable()
        .default(null)
        .describe("Percent on top of the cost price, where there is neither a price nor a markup."),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    confidential: { right: "catalog.view_cost", attributes: ["costPrice", "margin"] },
    filters: ["vendor", "licenseType", "kind"],
    actions: OFFER_ACTIONS,
  },
});
