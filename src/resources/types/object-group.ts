import { z } from "zod";
import { LEVELS } from "../../access/type.ts";
import { optionalNote, text } from "../../kernel/http/body.ts";
import { type ResourceType, withNameKeys } from "../type.ts";

/** Keeps objects, and with them the members who may see those, apart. The group "all" is there by itself. */
export const objectGroup: ResourceType = {
  name: "object_group",
  title: "Object groups",
  grants: "none",
  levels: LEVELS,
  derives: {},
  grouped: false,
  stored: {
    path: "object-groups",
    id: "objectGroup",
    attributes: z.strictObject({ name: text(200), description: optionalNote(2_000).default(null) }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    computed: withNameKeys,
    distinctNames: true,
    unique: ({ name }) => String(name).toLowerCase(),
  },
};
