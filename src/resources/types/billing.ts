import type { ResourceType } from "../resource-type.ts";

/** The tier and the attached card; invoices come with the view. */
export const billingType: ResourceType = {
  name: "billing",
  title: "Billing",
  grants: "whole",
  levels: { view: ["view"], edit: ["view", "edit"], owner: ["view", "edit"] },
  derives: { invoice: { view: ["view"], edit: ["view"], owner: ["view"] } },
  isGrouped: false,
  stored: null,
};
