import { z } from "zod";
import { instant, optionalMultilineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

const ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** `XXXXX-XXXXX-XXXXX-XXXXX`: 20 characters of 5 bits, without the ones that people mistake for another. */
export const formatLicenseKey = (random: Uint8Array): string =>
  Array.from(
    random.slice(0, 20),
    (byte, index) => `${index > 0 && index % 5 === 0 ? "-" : ""}${ALPHABET[byte % 32]}`,
  ).join("");

export const licenseKeyType = declareType({
  name: "license_key",
  title: "License keys",
  rights: {
    view: "See license keys.",
    edit: "Change license keys.",
    create: "Add license keys, with a new customer if need be.",
    delete: "Remove license keys.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "license-keys",
    idPrefix: "lky",
    attributes: z.strictObject({
      notes: optionalMultilineText(2000).default(null),
      expiresAt: instant.nullable().default(null),
      maxMachines: z.number().int().min(0).max(1_000_000).nullable().default(null),
      blocked: z.boolean().default(false),
    }),
    nameAttribute: "key",
    masked: ["key"],
    parents: { productId: "product" },
    reference: {
      field: "customerId",
      type: "customer",
      embedded: { field: "newCustomer", type: "customer" },
    },
    generated: {
      storedFields: z.object({ key: z.string().describe("What the customer types in.") }),
      shownOnce: z.object({}),
      make: (random) => ({ attributes: { key: formatLicenseKey(random) }, shown: {} }),
    },
  },
});
