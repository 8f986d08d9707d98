import { z } from "zod";
import { NO_FIELDS, quantity } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { declareType, LEVELS } from "./declaration.ts";
import { message } from "../../kernel/messages/message.ts";

/**
 * What an organization has bought from its seller's catalog, in some quantity. Its price is the
 * organization's; what it costs the seller, and what the seller added, are the seller's own business.
 */
export const subscriptionType = declareType({
  name: "subscription",
  title: "Subscriptions",
  rights: {
    view: "See subscriptions.",
    edit: "Change and cancel subscriptions.",
    create: "Purchase subscriptions.",
    delete: "Remove subscriptions.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "subscriptions",
    idPrefix: "sub",
    attributes: z.strictObject({ quantity }),
    nameAttribute: "name",
    masked: [],
    parents: { catalogItemId: "catalog" },
    reference: null,
    generated: {
      storedFields: z.object({
        name: z.string(),
        currency: z.string(),
        unitPrice: z.number(),
        amount: z.number().describe("In the smallest unit of the currency."),
        canceledAt: z.string().nullable(),
        costPrice: z.number().nullable(),
        markup: z
          .number()
          .nullable()
          .describe("Percent on top of the cost price; null: sold at the catalog's price."),
      }),
      shownOnce: z.object({}),
      make: () => ({ attributes: {}, shown: {} }),
    },
    computeAttributes: ({ quantity, unitPrice }) => ({ amount: Number(quantity) * Number(unitPrice) }),
    confidential: { right: "markup.view", attributes: ["costPrice", "markup"] },
    editableStatuses: ["active"],
    omittedRoutes: ["create", "edit"],
    actions: [
      {
        name: "cancel",
        verb: "edit",
        summary: (object) => `Cancel ${object}. What was paid stays paid.`,
        body: NO_FIELDS,
        run: (row, _, { now }) =>
          row.status === "active"
            ? { set: { canceledAt: iso(now) }, status: "canceled" }
            : { conflict: message("resources.subscriptionStatus", { status: row.status }) },
      },
    ],
  },
});
