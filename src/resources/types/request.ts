import { z } from "zod";
import { LEVELS } from "../../access/resource-type.ts";
import type { ResourceType } from "../resource-type.ts";

/** A license that was asked for and generated. Written with it and never changed. */
export const requestType: ResourceType = {
  name: "request",
  title: "License requests",
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "requests",
    id: "licenseRequest",
    attributes: z.strictObject({
      serial: z.string().describe("Of the key, as it was."),
      days: z.number().int(),
      validFrom: z.string(),
      expiresAt: z.string(),
      comments: z.string().nullable(),
    }),
    nameAttribute: "serial",
    masked: [],
    parents: { keyId: "key" },
    reference: null,
    generated: null,
    omittedRoutes: ["create", "edit", "delete"],
  },
};
