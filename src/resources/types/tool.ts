import { z } from "zod";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { OFFER_ACTIONS } from "./offer-action.ts";
import { declareType, NO_LEVELS } from "./declaration.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const creditCost = z.number().int().min(0).max(1_000_000_000);

/** What agencies work with. The platform offers and prices it; a grant on it lets a sub-account in. */
export const toolType = declareType({
  name: "tool",
  title: "Tools",
  rights: {
    view: "See and use tools.",
    edit: "Change tools and their prices.",
    create: "Add tools.",
    delete: "Remove tools.",
  },
  grants: "reach",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { agency: "platform" },
  stored: {
    path: "tools",
    idPrefix: "tol",
    attributes: z.strictObject({
      key: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, ruleText("resources.slug"))
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
});
