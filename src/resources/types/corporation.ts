import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, optionalText, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

const optionalLine = (max: number) => optionalText(max).default(null);

/** Whom objects belong to. */
export const corporationType: ResourceType = {
  name: "corporation",
  title: "Corporations",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "corporations",
    id: "corporation",
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
};
