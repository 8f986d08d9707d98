import { COMMON_RIGHTS, rightsEverywhere, type Preset } from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";

const rights: readonly Right[] = [
  ...COMMON_RIGHTS,
  ...rightsOf(
    "product",
    "license_key",
    "machine_code",
    "data_object",
    "customer",
    "access_token",
    "analytics",
    "billing",
    "report",
  ),
  "invoice.view",
];

/**
 * A vendor and its operators: employees who get access to single resources and nothing until it is granted.
 */
export const operators: Preset = {
  model: "operators",
  topRole: "owner",
  rights: new Set(rights),
  roles: {
    owner: {
      rank: 30,
      rights: rightsEverywhere(rights),
      mayInvite: ["owner", "operator"],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
    operator: { rank: 10, rights: {}, mayInvite: [], creditLimit: true, canMakeOwnKeys: true },
  },
  suggestedRole: "operator",
  removal: "emptied",
  restrictedRoles: ["operator"],
  bundles: {
    recommended_operator: [
      { resourceType: "product", resourceId: "0", access: "edit" },
      { resourceType: "customer", resourceId: "0", access: "owner" },
    ],
  },
  tree: null,
  switches: {},
};
