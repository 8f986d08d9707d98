import { COMMON_RIGHTS, type Preset, type SwitchTable, type AccountTree } from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";
import { AREA_RIGHTS, AREAS, ORGANIZATION_AREAS } from "./marketplace-area.ts";
import {
  COST_RIGHTS,
  CUSTOMER_ROLES,
  DELETION_RIGHTS,
  DISTRIBUTOR_ROLES,
  rolesOf,
  SELLER_ROLES,
} from "./marketplace-role.ts";

const rightsHeldBy = (names: readonly string[]): Right[] =>
  Object.values(rolesOf(names)).flatMap((each) => Object.keys(each.rights) as Right[]);

const rights: ReadonlySet<Right> = new Set<Right>([
  ...COMMON_RIGHTS.filter((right) => right !== "credits.spend"),
  ...AREA_RIGHTS,
  ...COST_RIGHTS,
  ...DELETION_RIGHTS,
  ...rightsOf("report", "organization"),
]);

/**
 * In an organization below, a role does what it does at home, but for keys, custom roles and spending, which
 * stay in the account.
 */
const tree: AccountTree = {
  reachingRight: "organization.view",
  rights: new Set<Right>([...AREA_RIGHTS, ...COST_RIGHTS, ...DELETION_RIGHTS, "member.create"]),
};

const switches: SwitchTable = {
  invitingRoles: ["seller_admin", "distributor_admin"],
  conditionalInvites: {
    customersMayInviteBillingAdmin: { role: "customer", gives: "customer_billing_admin" },
  },
  conditionalRoles: { customer_billing_admin: "billingAdminVisibleToCustomer" },
};

const common = {
  model: "marketplace",
  rights,
  restrictedRoles: [],
  removal: "emptied" as const,
  bundles: {},
  switches,
  areas: AREAS,
};

export const distributor: Preset = {
  ...common,
  topRole: "distributor_admin",
  roles: rolesOf([...DISTRIBUTOR_ROLES, "report_viewer_360"]),
  suggestedRole: "distributor_read_only",
  tree,
};
export const seller: Preset = {
  ...common,
  topRole: "seller_admin",
  roles: rolesOf(SELLER_ROLES),
  suggestedRole: "subscriptions_manager",
  tree,
};
/**
 * A customer's organization. Its catalogue is the seller's, and what belongs to the seller's side does not
 * exist in it: no member there can be allowed to see cost prices. Its billing admin edits billing data;
 * invoices are written and settled by the seller.
 */
export const customerOrg: Preset = {
  ...common,
  rights: new Set<Right>([
    ...COMMON_RIGHTS.filter((right) => right !== "credits.spend"),
    ...rightsHeldBy(CUSTOMER_ROLES),
  ]),
  topRole: "customer_admin",
  roles: rolesOf(CUSTOMER_ROLES),
  suggestedRole: "customer",
  tree: null,
  areas: ORGANIZATION_AREAS,
};
