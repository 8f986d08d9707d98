import { z } from "zod";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import { optionalEmailAddress } from "../../kernel/text/email.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** An end customer. E-mails are not unique: a refusal would reveal another customer. */
export const customerType = declareType({
  name: "customer",
  title: "Customers",
  rights: {
    view: "See customers.",
    edit: "Change customers.",
    create: "Add customers.",
    delete: "Remove customers.",
  },
  grants: "each",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "customers",
    idPrefix: "cus",
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
});
