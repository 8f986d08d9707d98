import { z } from "zod";
import { NO_LEVELS } from "../../access/resource-type.ts";
import { instant, singleLineText } from "../../kernel/http/body.ts";
import type { ResourceType } from "../resource-type.ts";

/**
 * Opens the aggregator's interfaces to one member. Its token is nowhere kept: it follows from the license and
 * a secret of the deployment.
 */
export const aggregatorLicenseType: ResourceType = {
  name: "aggregator_license",
  title: "Aggregator licenses",
  grants: "none",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: {
    path: "aggregator-licenses",
    id: "aggregatorLicense",
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
};
