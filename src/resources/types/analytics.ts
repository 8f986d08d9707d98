import type { ResourceType } from "../resource-type.ts";

/** Read-only: every level gives the view and nothing more. */
export const analyticsType: ResourceType = {
  name: "analytics",
  title: "Analytics",
  grants: "whole",
  levels: { view: ["view"], edit: ["view"], owner: ["view"] },
  derives: {},
  isGrouped: false,
  stored: null,
};
