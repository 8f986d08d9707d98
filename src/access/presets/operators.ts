import { EVERYTHING, type Preset } from "../preset.ts";

/** A vendor and its operators: employees who get access to single resources and nothing until it is granted. */
export const operators: Preset = {
  model: "operators",
  topRole: "owner",
  roles: {
    owner: { rank: 30, rights: EVERYTHING, mayInvite: ["owner", "operator"], creditLimit: false, ownKeys: true },
    operator: { rank: 10, rights: {}, mayInvite: [], creditLimit: true, ownKeys: true },
  },
  restrictedRoles: ["operator"],
  bundles: {
    recommended_operator: [
      { resourceType: "product", resourceId: "0", access: "edit" },
      { resourceType: "customer", resourceId: "0", access: "owner" },
    ],
  },
};
