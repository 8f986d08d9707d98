import type { ResourceType } from "../resource-type.ts";

/**
 * A theme of the catalog, where an account restricts its members theme by theme. What may be done with it is
 * the role's.
 */
export const themeType: ResourceType = {
  name: "theme",
  title: "Themes",
  grants: "each",
  levels: { view: ["license"], edit: ["license"], owner: ["license"] },
  derives: {},
  isGrouped: false,
  grantedType: "catalog",
  ownedBy: { team: "platform" },
  stored: null,
};
