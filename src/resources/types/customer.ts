import { z } from "zod";
import { LEVELS } from "../../access/type.ts";
import { optionalText, text } from "../../kernel/http/body.ts";
import { optionalEmail } from "../../kernel/text/email.ts";
import type { ResourceType } from "../type.ts";

/** An end customer. E-mails are not unique: a refusal would reveal another customer. */
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
      email: optionalEmail.default(null),
      company: optionalText(200).default(null),
    }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
