import { z } from "zod";
import { singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** What a seller adds to the cost of what it offers: of one item or all, for one organization or all. */
export const markupType = declareType({
  name: "markup",
  title: "Markups",
  rights: {
    view: "See markups, and cost price and markup of subscriptions.",
    edit: "Change markups.",
    create: "Add markups.",
    delete: "Remove markups.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { customer_org: "parent" },
  stored: {
    path: "markups",
    idPrefix: "mku",
    attributes: z.strictObject({
      name: singleLineText(200),
      percent: z.number().min(0).max(1_000),
      organizationId: z
        .string()
        .max(64)
        .nullable()
        .default(null)
        .describe("The organization that it holds for; null is every one."),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: { field: "catalogItemId", type: "catalog", embedded: null },
    generated: null,
    organizationAttribute: "organizationId",
    uniqueKeyOf: ({ organizationId }, _, catalogItemId) =>
      `${String(organizationId)} ${String(catalogItemId)}`,
    filters: ["organizationId"],
  },
});
