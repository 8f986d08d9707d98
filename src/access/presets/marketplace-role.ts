import { rightsEverywhere, type Role, type RoleScope } from "../preset.ts";
import type { Right } from "../right.ts";
import { AREA_NAMES, AREAS } from "./marketplace-area.ts";

/** "-" nothing, V view, E view, create, edit and cancel. */
type Cell = "-" | "V" | "E";

/**
 * A line of the table, its cells in the order of AREAS, with what the role has beside them and who it may
 * invite.
 */
interface RoleLine {
  readonly rank: number;
  /** Which organizations: "granted" by single grants, "all", or the member's own ("home"). */
  readonly organizations: RoleScope;
  readonly cells: string;
  readonly extraRights?: readonly Right[];
  /** Has reports of the organizations in reach, without a look at those. */
  readonly reportsOnly?: true;
  readonly exceptRights?: readonly Right[];
  readonly invites: readonly string[];
}

export const CUSTOMER_ROLES = ["customer", "customer_admin", "customer_billing_admin"] as const;
export const SELLER_ROLES = [
  "seller_admin",
  "account_manager",
  "seller_agent_admin",
  "subscriptions_manager",
  "product_manager",
  "seller_billing_admin",
  "support_agent",
  "reseller_report",
  "report_viewer_360",
] as const;
export const DISTRIBUTOR_ROLES = ["distributor_admin", "distributor_read_only"] as const;
const EVERY_ROLE = [...DISTRIBUTOR_ROLES, ...SELLER_ROLES, ...CUSTOMER_ROLES];

export const COST_RIGHTS: readonly Right[] = ["catalog.view_cost"];
export const DELETION_RIGHTS: readonly Right[] = [
  "member.delete",
  "catalog.delete",
  "subscription.delete",
  "markup.delete",
  "cpq.delete",
  "form.delete",
];
/** What only the top roles of a level have beside the table. */
const TOP_ROLE_RIGHTS: readonly Right[] = [
  "organization.view_reports",
  "role.edit",
  "api_key.view",
  "api_key.create",
  "api_key.revoke",
  "hook.view",
  "hook.edit",
  "credits.view",
];

/** organizations catalogue subscriptions markups products billing reports users settings history */
const ROLE_LINES: Readonly<Record<string, RoleLine>> = {
  distributor_admin: {
    rank: 90,
    organizations: "all",
    cells: "E E E E E E V E E V",
    extraRights: [...COST_RIGHTS, ...DELETION_RIGHTS, ...TOP_ROLE_RIGHTS],
    invites: EVERY_ROLE,
  },
  distributor_read_only: {
    rank: 80,
    organizations: "all",
    cells: "V V V V V V V V V V",
    extraRights: [...COST_RIGHTS, "account.view_security"],
    invites: [],
  },
  seller_admin: {
    rank: 70,
    organizations: "all",
    cells: "E E E E E E V E E V",
    extraRights: [...COST_RIGHTS, ...DELETION_RIGHTS, ...TOP_ROLE_RIGHTS],
    invites: EVERY_ROLE,
  },
  account_manager: {
    rank: 60,
    organizations: "all",
    cells: "E E E E V V V E V V",
    extraRights: [...COST_RIGHTS, "account.view_security"],
    invites: ["subscriptions_manager", "seller_billing_admin", "support_agent", ...CUSTOMER_ROLES],
  },
  seller_agent_admin: {
    rank: 50,
    organizations: "granted",
    cells: "E E E - V V V E V V",
    extraRights: COST_RIGHTS,
    invites: ["subscriptions_manager", "seller_billing_admin", "report_viewer_360", ...CUSTOMER_ROLES],
  },
  subscriptions_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E E - V - V V - -",
    extraRights: COST_RIGHTS,
    invites: CUSTOMER_ROLES,
  },
  product_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E V - E - V V - -",
    extraRights: COST_RIGHTS,
    invites: CUSTOMER_ROLES,
  },
  seller_billing_admin: {
    rank: 40,
    organizations: "granted",
    cells: "V V V V - E V V - -",
    extraRights: COST_RIGHTS,
    invites: CUSTOMER_ROLES,
  },
  support_agent: {
    rank: 30,
    organizations: "granted",
    cells: "V V V - - - V V - V",
    invites: CUSTOMER_ROLES,
  },
  reseller_report: {
    rank: 20,
    organizations: "granted",
    cells: "- - - - - - V - - -",
    extraRights: ["organization.view_reports"],
    invites: [],
  },
  report_viewer_360: {
    rank: 20,
    organizations: "granted",
    cells: "- - - - - - V - - -",
    reportsOnly: true,
    invites: [],
  },
  customer_admin: {
    rank: 15,
    organizations: "home",
    cells: "V V E - - - V E - V",
    extraRights: ["member.delete", "api_key.view", "api_key.create", "api_key.revoke"],
    invites: CUSTOMER_ROLES,
  },
  customer_billing_admin: {
    rank: 12,
    organizations: "home",
    cells: "V V V - - E V V - -",
    exceptRights: ["invoice.create", "invoice.edit"],
    invites: [],
  },
  customer: {
    rank: 10,
    organizations: "home",
    cells: "- V E - - - - - - -",
    invites: ["customer_billing_admin"],
  },
};

function toRole({
  rank,
  organizations,
  cells,
  extraRights = [],
  exceptRights = [],
  invites,
  reportsOnly,
}: RoleLine): Role {
  const letters = cells.split(" ") as Cell[];
  const held = AREA_NAMES.flatMap((area, index) => [
    ...(letters[index] === "-" ? [] : AREAS[area].V),
    ...(letters[index] === "E" ? AREAS[area].E : []),
  ]).filter((right) => !exceptRights.includes(right));
  return {
    rank,
    mayInvite: invites,
    creditLimit: false,
    canMakeOwnKeys: true,
    rights: {
      ...rightsEverywhere([
        ...held,
        ...extraRights,
        ...(invites.length > 0 ? ["member.create" as const] : []),
      ]),
      ...(letters[0] === "-" ? {} : { "organization.view": organizations }),
      ...(reportsOnly ? { "organization.view_reports": organizations } : {}),
    },
  };
}

export const rolesOf = (names: readonly string[]): Record<string, Role> =>
  Object.fromEntries(
    names.flatMap((name) => (ROLE_LINES[name] === undefined ? [] : [[name, toRole(ROLE_LINES[name])]])),
  );
