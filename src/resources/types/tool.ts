import { z } from "zod";
import { NO_LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { OFFER_ACTIONS } from "../offer-action.ts";
import type { ResourceType } from "../resource-type.ts";

const creditCost = z.number().int().min(0).max(1_000_000_000);

/** What agencies work with. The platform offers and prices it; a grant on it lets a sub-account in. */
export const toolType: ResourceType = {
  name: "tool",
  title: "Tools",
  grants: "reach",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { agency: "platform" },
  stored: {
    path: "tools",
    id: "tool",
    attributes: z.strictObject({
      key: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be lower-case letters, digits and hyphens")
        .describe("What programs call it."),
      name: singleLineText(200),
      description: optionalMultilineText(2000).default(null),
      createCost: creditCost.default(0).describe("Credits that a new task costs."),
      updateCost: creditCost.default(0).describe("Credits that an update of a task costs."),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    filters: ["key"],
    uniqueKeyOf: ({ key }) => String(key),
    actions: OFFER_ACTIONS,
  },
};
