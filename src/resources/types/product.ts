import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../type.ts";

/** What a product grant gives on everything below the product: add and modify, never remove. */
const BELOW = {
  view: ["view"],
  edit: ["view", "create", "edit"],
  owner: ["view", "create", "edit"],
} as const;

export const product: ResourceType = {
  name: "product",
  title: "Products",
  grants: "each",
  levels: LEVELS,
  derives: { license_key: BELOW, machine_code: BELOW, data_object: BELOW },
  isGrouped: false,
  stored: {
    path: "products",
    id: "product",
    attributes: z.strictObject({
      name: singleLineText(200),
      description: optionalMultilineText(2000).default(null),
    }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
