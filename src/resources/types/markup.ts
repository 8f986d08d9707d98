import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

/** What a seller adds to the cost of what it offers: of one item or all, for one organization or all. */
export const markupType: ResourceType = {
  name: "markup",
  title: "Markups",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { customer_org: "parent" },
  stored: {
    path: "markups",
    id: "markup",
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
};
