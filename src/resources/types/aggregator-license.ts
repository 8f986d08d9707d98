import { z } from "zod";
import { instant, singleLineText } from "../../kernel/http/body.ts";
import { declareType, NO_LEVELS } from "./declaration.ts";

/**
 * Opens the aggregator's interfaces to one member. Its token is nowhere kept: it follows from the license and
 * a secret of the deployment.
 */
export const aggregatorLicenseType = declareType({
  name: "aggregator_license",
  title: "Aggregator licenses",
  rights: {
    view: "See one's aggregator licenses.",
    copy: "Copy the token of one's aggregator licenses.",
  },
  grants: "none",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "aggregator-licenses",
    idPrefix: "agl",
    attributes: z.strictObject({
      memberId: z.string().max(64),
      name: singleLineText(200),
      expiresAt: instant.nullable().default(null),
    }),
    nameAttribute: "name",
    masked: [],
    parents: {},
    reference: null,
    generated: null,
    omittedRoutes: ["create", "edit", "delete"],
  },
});
