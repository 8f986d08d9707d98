import { z } from "zod";
import { optionalMultilineText, optionalText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

const optionalLine = (max: number) => optionalText(max).default(null);

/**
 * A place that a dealer equips: its keys, their licenses and requests stand under it and go where it goes.
 */
export const objectType = declareType({
  name: "object",
  title: "Objects",
  noun: "dealer object",
  rights: {
    view: "See object cards.",
    edit: "Change objects.",
    create: "Add objects.",
    delete: "Remove objects.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "objects",
    idPrefix: "obj",
    attributes: z.strictObject({
      name: singleLineText(200),
      address: optionalMultilineText(300).default(null),
      city: optionalLine(100),
      country: optionalLine(100),
      phone: optionalLine(40),
      comments: optionalMultilineText(2_000).default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: { field: "corporationId", type: "corporation", embedded: null },
    generated: null,
    showsOwner: true,
    hasAssignableOwner: true,
  },
});
