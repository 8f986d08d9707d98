import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, optionalText, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../type.ts";

const line = (max: number) => optionalText(max).default(null);

/** Whom objects belong to. */
export const corporation: ResourceType = {
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
      taxId: line(40),
      website: line(200),
      phone: line(40),
      comments: optionalMultilineText(2_000).default(null),
    }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
