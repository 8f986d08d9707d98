import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import { optionalEmailAddress } from "../../kernel/text/email.ts";
import type { ResourceType } from "../resource-type.ts";

/** An end customer. E-mails are not unique: a refusal would reveal another customer. */
export const customerType: ResourceType = {
  name: "customer",
  title: "Customers",
  grants: "each",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "customers",
    id: "customer",
    attributes: z.strictObject({
      name: singleLineText(200),
      email: optionalEmailAddress.default(null),
      company: optionalText(200).default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
