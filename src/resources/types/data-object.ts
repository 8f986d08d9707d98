import { z } from "zod";
import { singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** A named value of a product, a license key or a machine code. */
export const dataObjectType = declareType({
  name: "data_object",
  title: "Data objects",
  rights: {
    view: "See data objects.",
    edit: "Change data objects.",
    create: "Add data objects.",
    delete: "Remove data objects.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "data-objects",
    idPrefix: "dat",
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
});
