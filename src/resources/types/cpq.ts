import { z } from "zod";
import { currency, money, optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

const QuoteOption = z.strictObject({
  name: singleLineText(100),
  price: money.describe("What comes on top of the price."),
});

/** What quotes are put together from: products and services, with their options (configure, price, quote). */
export const cpqType = declareType({
  name: "cpq",
  title: "Products and services for quotes",
  noun: "CPQ item",
  rights: {
    view: "See products and services for quotes (CPQ).",
    edit: "Change products and services for quotes.",
    create: "Add products and services for quotes.",
    delete: "Remove products and services for quotes.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { customer_org: "parent" },
  stored: {
    path: "cpq",
    idPrefix: "cpq",
    attributes: z.strictObject({
      kind: z.enum(["product", "service"]),
      name: singleLineText(200),
      description: optionalMultilineText(2000).default(null),
      price: money,
      currency,
      options: z.array(QuoteOption).max(50).default([]),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    filters: ["kind"],
  },
});
