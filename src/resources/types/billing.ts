import { declareType } from "./declaration.ts";

/** The tier and the attached card; invoices come with the view. */
export const billingType = declareType({
  name: "billing",
  title: "Billing",
  rights: {
    view: "See billing information.",
    edit: "Change the tier and the attached card.",
  },
  grants: "whole",
  levels: { view: ["view"], edit: ["view", "edit"], owner: ["view", "edit"] },
  derives: { invoice: { view: ["view"], edit: ["view"], owner: ["view"] } },
  isGrouped: false,
  stored: null,
});
