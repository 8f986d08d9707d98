import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalMultilineText, optionalText, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../type.ts";

const line = (max: number) => optionalText(max).default(null);

/**
 * A place that a dealer equips: its keys, their licenses and requests stand under it and go where it goes.
 */
export const object: ResourceType = {
  name: "object",
  title: "Objects",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "objects",
    id: "object",
    attributes: z.strictObject({
      name: singleLineText(200),
      address: optionalMultilineText(300).default(null),
      city: line(100),
      country: line(100),
      phone: line(40),
      comments: optionalMultilineText(2_000).default(null),
    }),
    label: "name",
    masked: [],
    parents: {},
    reference: { member: "corporationId", type: "corporation", embedded: null },
    generated: null,
    ownerShown: true,
    ownerAssigned: true,
  },
};
