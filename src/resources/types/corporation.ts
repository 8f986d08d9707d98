import { z } from "zod";
import { optionalMultilineText, optionalText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

const optionalLine = (max: number) => optionalText(max).default(null);

/** Whom objects belong to. */
export const corporationType = declareType({
  name: "corporation",
  title: "Corporations",
  rights: {
    view: "See corporations.",
    edit: "Change corporations.",
    create: "Add corporations.",
    delete: "Remove corporations.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "corporations",
    idPrefix: "crp",
    attributes: z.strictObject({
      name: singleLineText(200),
      address: optionalMultilineText(300).default(null),
      taxId: optionalLine(40),
      website: optionalLine(200),
      phone: optionalLine(40),
      comments: optionalMultilineText(2_000).default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
});
