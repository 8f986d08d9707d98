import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

/** A named value of a product, a license key or a machine code. */
export const dataObjectType: ResourceType = {
  name: "data_object",
  title: "Data objects",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "data-objects",
    id: "dataObject",
    attributes: z.strictObject({
      name: singleLineText(100),
      stringValue: z.string().max(10_000).default(""),
      intValue: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).default(0),
    }),
    nameAttribute: "name",
    masked: [],
    parents: { productId: "product", licenseKeyId: "license_key", machineCodeId: "machine_code" },
    reference: null,
    generated: null,
  },
};
