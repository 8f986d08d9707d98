import { rightsBelow, marketplaceRoles } from "./policy-marketplace.ts";
import { type AccountKind, MODEL_RIGHTS, type RightExtent } from "./policy-rights.ts";

/**
 * What each role has: the tables that people agreed on, written by hand a second time. Nothing here is taken
 * from the program's own tables.
 */

/** Role by role what a table of right | role, role, … says. "-" is nothing. */
function rolesOfColumns(
  roles: readonly string[],
  rows: Readonly<Record<string, readonly (RightExtent | "-")[]>>,
): Record<string, Record<string, RightExtent>> {
  return Object.fromEntries(
    roles.map((role, index) => [
      role,
      Object.fromEntries(
        Object.entries(rows).flatMap(([right, cells]) => {
          const cell = cells[index];
          return cell === undefined || cell === "-" ? [] : [[right, cell]];
        }),
      ),
    ]),
  );
}

const TEAM = rolesOfColumns(["member", "viewer"], {
  "catalog.view": ["all", "all"],
  "license.provision": ["all", "-"],
  "license.view": ["own", "active"],
  "theme.download": ["all", "-"],
  "report.download": ["-", "all"],
  "api_key.view": ["own", "-"],
  "api_key.revoke": ["own", "-"],
  "audit.view": ["own", "-"],
  "credits.view": ["own", "-"],
  "credits.spend": ["all", "-"],
});

const SUBACCOUNTS = rolesOfColumns(["manager", "specialist", "guest"], {
  "tool.view": ["all", "granted", "granted"],
  "task.view": ["all", "own + granted", "granted + below"],
  "task.create": ["all", "own + granted, in granted", "-"],
  "task.edit": ["all", "own + granted, in granted", "-"],
  "task.update": ["all", "own + granted, in granted", "-"],
  "report.download": ["all", "own", "own"],
  "credits.spend": ["all", "all", "-"],
  "credits.view": ["own", "own", "-"],
  "api_key.view": ["own", "own", "-"],
  "api_key.revoke": ["own", "own", "-"],
});

const DEALERS = rolesOfColumns(["dealer_user", "subdealer", "client", "aggregator"], {
  "object.view": ["all", "all", "all", "own"],
  "object.create": ["all", "-", "-", "-"],
  "object.edit": ["all", "-", "-", "-"],
  "corporation.view": ["all", "-", "-", "-"],
  "corporation.create": ["all", "-", "-", "-"],
  "corporation.edit": ["all", "-", "-", "-"],
  "object_group.view": ["all", "-", "-", "-"],
  "key.view": ["all", "-", "all", "all"],
  "request.view": ["all", "-", "-", "-"],
  "key.generate_license": ["all", "all", "-", "-"],
  "sos_license.generate": ["all", "all", "-", "-"],
  "sos_license.view": ["all", "own", "-", "-"],
  "report.download": ["all", "-", "-", "-"],
  "report.expiring_licenses": ["all", "all", "-", "-"],
  "report.check_requests_and_keys": ["all", "all", "-", "-"],
  "dealer.view": ["home", "home", "-", "-"],
  "aggregator_license.view": ["-", "-", "-", "own"],
  "aggregator_license.copy": ["-", "-", "-", "own"],
});
const DEALER_MANAGER = Object.fromEntries(
  MODEL_RIGHTS.dealer
    .filter(
      (right) =>
        !["member.generate_api_token", "aggregator_license.view", "aggregator_license.copy"].includes(right),
    )
    .map((right) => [right, "all" as const]),
);

/** What each role has; "all" is all that the model knows. */
export const ROLES: Readonly<
  Record<AccountKind, Readonly<Record<string, "all" | Readonly<Record<string, RightExtent>>>>>
> = {
  vendor: { owner: "all", operator: {} },
  team: { admin: "all", ...TEAM },
  agency: { owner: "all", ...SUBACCOUNTS },
  dealer: { dealer_manager: DEALER_MANAGER, ...DEALERS },
  subdealer: {
    subdealer: DEALERS["subdealer"] ?? {},
    client: DEALERS["client"] ?? {},
    aggregator: DEALERS["aggregator"] ?? {},
  },
  distributor: marketplaceRoles("distributor_admin", "distributor_read_only", "report_viewer_360"),
  seller: marketplaceRoles(
    "seller_admin",
    "account_manager",
    "seller_agent_admin",
    "subscriptions_manager",
    "product_manager",
    "seller_billing_admin",
    "support_agent",
    "reseller_report",
    "report_viewer_360",
  ),
  customer_org: marketplaceRoles("customer", "customer_admin", "customer_billing_admin"),
};

/** Kept in object groups: seen by those who have the group. */
export const GROUPED_TYPES = ["object", "key", "request", "sos_license"];
/** Roles that see every group: the manager inside the dealer; a sub-dealer inside their own account. */
export const EVERY_GROUP_ROLES = ["dealer dealer_manager", "subdealer subdealer"];
/** Under what the objects of a type stand. */
export const ROOT_TYPES: Readonly<Record<string, string>> = { task: "tool" };

/** Which of their rights members take along into an account below, and the right that says into which. */
export const TREE: Readonly<
  Record<string, { readonly by: string; readonly rights: readonly string[]; readonly shows?: true }>
> = {
  dealer: {
    by: "subdealer.view_entities",
    rights: ["object.view", "request.view", "member.view"],
    shows: true,
  },
  distributor: { by: "organization.view", rights: rightsBelow() },
  seller: { by: "organization.view", rights: rightsBelow() },
};
