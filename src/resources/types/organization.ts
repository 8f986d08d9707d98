import { NO_LEVELS } from "../../access/resource-type.ts";
import type { ResourceType } from "../resource-type.ts";

/**
 * The accounts below: a seller's customers, a distributor's sellers. A grant on one says where a member's
 * role holds.
 */
export const organizationType: ResourceType = {
  name: "organization",
  title: "Organizations",
  grants: "reach",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: null,
};
