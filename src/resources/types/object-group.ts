import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, singleLineText } from "../../kernel/http/body.ts";
import { type ResourceType, withNameKeys } from "../resource-type.ts";

/** Keeps objects, and with them the members who may see those, apart. The group "all" is there by itself. */
export const objectGroupType: ResourceType = {
  name: "object_group",
  title: "Object groups",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "object-groups",
    id: "objectGroup",
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
};
