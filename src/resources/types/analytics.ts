import { declareType } from "./declaration.ts";

/** Read-only: every level gives the view and nothing more. */
export const analyticsType = declareType({
  name: "analytics",
  title: "Analytics",
  rights: {
    view: "Read analytics.",
  },
  grants: "whole",
  levels: { view: ["view"], edit: ["view"], owner: ["view"] },
  derives: {},
  isGrouped: false,
  stored: null,
});
