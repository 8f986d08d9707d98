import { z } from "zod";
import { singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

const FormField = z.strictObject({
  name: z.string().regex(/^[a-z][a-zA-Z0-9]{0,39}$/, ruleText("resources.fieldName")),
  label: singleLineText(200),
  kind: z.enum(["text", "number", "date", "choice", "checkbox"]),
  required: z.boolean().default(false),
  choices: z.array(singleLineText(100)).max(50).default([]),
});

/** What is asked when a quote or an order is made. */
export const formType = declareType({
  name: "form",
  title: "Forms",
  rights: {
    view: "See forms.",
    edit: "Change forms.",
    create: "Add forms.",
    delete: "Remove forms.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { customer_org: "parent" },
  stored: {
    path: "forms",
    idPrefix: "frm",
    attributes: z.strictObject({
      name: singleLineText(200),
      fields: z
        .array(FormField)
        .max(100)
        .refine(
          (fields) => new Set(fields.map(({ name }) => name)).size === fields.length,
          ruleText("resources.fieldTwice"),
        ),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
});
