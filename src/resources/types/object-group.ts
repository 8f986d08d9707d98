import { z } from "zod";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS, withNameKeys } from "./declaration.ts";

/** Keeps objects, and with them the members who may see those, apart. The group "all" is there by itself. */
export const objectGroupType = declareType({
  name: "object_group",
  title: "Object groups",
  rights: {
    view: "See object groups.",
    edit: "Change object groups, move objects between them, and choose members' groups.",
    create: "Add object groups.",
    delete: "Remove object groups.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "object-groups",
    idPrefix: "ogr",
    attributes: z.strictObject({
      name: singleLineText(200),
      description: optionalMultilineText(2_000).default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    computeAttributes: withNameKeys,
    requiresDistinctNames: true,
    uniqueKeyOf: ({ name }) => String(name).toLowerCase(),
  },
});
