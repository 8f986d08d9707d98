import { z } from "zod";
import { declareType, LEVELS } from "./declaration.ts";

/** A license that was asked for and generated. Written with it and never changed. */
export const requestType = declareType({
  name: "request",
  title: "License requests",
  noun: "license request",
  rights: {
    view: "See license requests.",
  },
  grants: "none",
  levels: LEVELS,
  derives: {},
  isGrouped: true,
  stored: {
    path: "requests",
    idPrefix: "lrq",
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
});
