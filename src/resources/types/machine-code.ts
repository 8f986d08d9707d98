import { z } from "zod";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import { declareType, LEVELS } from "./declaration.ts";

/** A machine on which a license key runs. */
export const machineCodeType = declareType({
  name: "machine_code",
  title: "Machine codes",
  rights: {
    view: "See machine codes.",
    edit: "Change machine codes.",
    create: "Add machine codes.",
    delete: "Remove machine codes.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "machine-codes",
    idPrefix: "mac",
    attributes: z.strictObject({ code: singleLineText(200), friendlyName: optionalText(200).default(null) }),
    nameAttribute: "code",
    masked: [],
    parents: { licenseKeyId: "license_key" },
    reference: null,
    generated: null,
  },
});
