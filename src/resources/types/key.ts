import { z } from "zod";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** A key, in hardware or software, that runs an object by its license. */
export const dealerKeyType = declareType({
  name: "key",
  title: "Keys",
  rights: {
    view: "See keys and the status of their licenses.",
    edit: "Change keys.",
    create: "Register keys.",
    delete: "Remove keys.",
    generate_license: "Generate licenses for keys.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "keys",
    idPrefix: "dky",
    attributes: z.strictObject({
      serial: singleLineText(100),
      product: optionalText(200).default(null),
      saas: z
        .boolean()
        .default(false)
        .describe("Licensed by subscription: an SOS license of it is for 5 days."),
    }),
    nameAttribute: "serial",
    masked: [],
    parents: { objectId: "object" },
    reference: null,
    generated: {
      storedFields: z.object({
        expiresAt: z
          .string()
          .nullable()
          .describe("Until when it is licensed; null before its first license."),
        sosLicenseId: z
          .string()
          .nullable()
          .describe("The SOS license that it has had; null while it has had none."),
        sosExpiresAt: z.string().nullable().describe("Until when that one holds."),
      }),
      shownOnce: z.object({}),
      make: () => ({ attributes: { expiresAt: null, sosLicenseId: null, sosExpiresAt: null }, shown: {} }),
    },
    // What was licensed stays what it is: else one device had a second SOS license under another number.
    fixed: { attributes: ["serial", "saas"], by: ["request", "sos_license"] },
    filters: ["serial"],
    uniqueKeyOf: ({ serial }) => String(serial).toUpperCase(),
  },
});
