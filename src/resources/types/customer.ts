import { z } from "zod";
import { LEVELS } from "../../access/type.ts";
import { text } from "../../kernel/body.ts";
import type { ResourceType } from "../type.ts";

/** An end customer. E-mails are not unique: a refusal would tell that somebody else is there. */
export const customer: ResourceType = {
  name: "customer",
  title: "Customers",
  grants: "each",
  levels: LEVELS,
  derives: {},
  grouped: false,
  stored: {
    path: "customers",
    id: "customer",
    attributes: z.strictObject({
      name: text(200),
      email: z.email().max(254).nullable().default(null),
      company: text(200).nullable().default(null),
    }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
