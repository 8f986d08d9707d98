import { declareType, NO_LEVELS } from "./declaration.ts";

/**
 * The accounts below: a seller's customers, a distributor's sellers. A grant on one says where a member's
 * role holds.
 */
export const organizationType = declareType({
  name: "organization",
  title: "Organizations",
  rights: {
    view_reports: "Have organizations in one's reports.",
    view: "See organizations, and act in them with one's other rights.",
    edit: "Change organizations.",
    create: "Add organizations.",
  },
  grants: "reach",
  levels: NO_LEVELS,
  derives: {},
  isGrouped: false,
  stored: null,
});
