import { z } from "zod";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** What a product grant gives on everything below the product: add and modify, never remove. */
const LEVELS_BELOW = {
  view: ["view"],
  edit: ["view", "create", "edit"],
  owner: ["view", "create", "edit"],
} as const;

export const productType = declareType({
  name: "product",
  title: "Products",
  rights: {
    view: "See products.",
    edit: "Change products.",
    create: "Add products.",
    delete: "Remove products.",
  },
  grants: "each",
  levels: LEVELS,
  derives: { license_key: LEVELS_BELOW, machine_code: LEVELS_BELOW, data_object: LEVELS_BELOW },
  isGrouped: false,
  stored: {
    path: "products",
    idPrefix: "prd",
    attributes: z.strictObject({
      name: singleLineText(200),
      description: optionalMultilineText(2000).default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
});
