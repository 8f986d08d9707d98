import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import { optionalText, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

/** A machine on which a license key runs. */
export const machineCodeType: ResourceType = {
  name: "machine_code",
  title: "Machine codes",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "machine-codes",
    id: "machineCode",
    attributes: z.strictObject({ code: singleLineText(200), friendlyName: optionalText(200).default(null) }),
    nameAttribute: "code",
    masked: [],
    parents: { licenseKeyId: "license_key" },
    reference: null,
    generated: null,
  },
};
