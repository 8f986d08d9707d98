import { z } from "zod";
import { NO_FIELDS, optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { iso } from "../../kernel/clock.ts";
import { declareType, NO_LEVELS } from "./declaration.ts";

/** What is worked on with a tool. To create and to update one costs credits; to rename it is free. */
export const taskType = declareType({
  name: "task",
  title: "Tasks",
  rights: {
    view: "See tasks.",
    edit: "Change tasks.",
    create: "Create tasks, for credits.",
    update: "Update tasks, for credits.",
    delete: "Remove tasks.",
  },
  grants: "reach",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  rootType: "tool",
  stored: {
    path: "tasks",
    idPrefix: "tsk",
    attributes: z.strictObject({
      name: singleLineText(200),
      description: optionalMultilineText(2000).default(null),
      input: z.string().max(10_000).default("").describe("What the tool works on."),
    }),
    nameAttribute: "name",
    masked: [],
    parents: { toolId: "tool" },
    hidesMissingParent: true,
    requiresActiveParent: true,
    showsOwner: true,
    reference: null,
    generated: {
      storedFields: z.object({
        updates: z.number().int().describe("How often it was updated."),
        updatedBy: z.string().nullable().describe("The member who updated it last."),
        lastUpdateAt: z.string().nullable(),
      }),
      shownOnce: z.object({}),
      make: () => ({ attributes: { updates: 0, updatedBy: null, lastUpdateAt: null }, shown: {} }),
    },
    price: ({ attributes }) => Number(attributes["createCost"]),
    actions: [
      {
        name: "update",
        verb: "update",
        operation: "rerun",
        summary: (object) =>
          `Let the tool work on ${object} again, for credits. To change what it says is free: PATCH.`,
        body: NO_FIELDS,
        price: ({ attributes }) => Number(attributes["updateCost"]),
        run: ({ attributes }, _, { now, memberId }) => ({
          set: { updates: Number(attributes["updates"]) + 1, updatedBy: memberId, lastUpdateAt: iso(now) },
          status: null,
        }),
      },
    ],
  },
});
