import { z } from "zod";
import { LEVELS } from "../../access/type.ts";
import { text } from "../../kernel/body.ts";
import type { ResourceType } from "../type.ts";

const line = (max: number) => text(max).nullable().default(null);

/** Whom objects belong to. */
export const corporation: ResourceType = {
  name: "corporation",
  title: "Corporations",
  grants: "none",
  levels: LEVELS,
  derives: {},
  grouped: false,
  stored: {
    path: "corporations",
    id: "corporation",
    attributes: z.strictObject({ name: text(200), address: line(300), taxId: line(40), website: line(200), phone: line(40), comments: line(2_000) }),
    label: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
  },
};
