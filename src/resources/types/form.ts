import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

const FormField = z.strictObject({
  name: z.string().regex(/^[a-z][a-zA-Z0-9]{0,39}$/, "must be a name such as orderNumber"),
  label: singleLineText(200),
  kind: z.enum(["text", "number", "date", "choice", "checkbox"]),
  required: z.boolean().default(false),
  choices: z.array(singleLineText(100)).max(50).default([]),
});

/** What is asked when a quote or an order is made. */
export const formType: ResourceType = {
  name: "form",
  title: "Forms",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  ownedBy: { customer_org: "parent" },
  stored: {
    path: "forms",
    id: "form",
    attributes: z.strictObject({
      name: singleLineText(200),
      fields: z
        .array(FormField)
        .max(100)
        .refine(
          (fields) => new Set(fields.map(({ name }) => name)).size === fields.length,
          "names a field twice",
        ),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
