import { everything, type Role, type Scope } from "../preset.ts";
import type { Right } from "../right.ts";
import { AREA_NAMES, AREAS } from "./marketplace-area.ts";

/** "-" nothing, V view, E view, create, edit and cancel. */
type Cell = "-" | "V" | "E";

/**
 * A line of the table, its cells in the order of AREAS, with what the role has beside them and who it may
 * invite.
 */
interface Line {
  readonly rank: number;
  /** Which organizations: "granted" by single grants, "all", or the member's own ("home"). */
  readonly organizations: Scope;
  readonly cells: string;
  readonly beside?: readonly Right[];
  /** Has reports of the organizations in reach, without a look at those. */
  readonly reportsOnly?: true;
  readonly without?: readonly Right[];
  readonly invites: readonly string[];
}

export const CUSTOMERS = ["customer", "customer_admin", "customer_billing_admin"] as const;
export const SELLERS = [
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
export const DISTRIBUTORS = ["distributor_admin", "distributor_read_only"] as const;
const EVERY_ROLE = [...DISTRIBUTORS, ...SELLERS, ...CUSTOMERS];

export const COST: readonly Right[] = ["catalog.view_cost"];
export const DELETION: readonly Right[] = [
  "member.delete",
  "catalog.delete",
  "subscription.delete",
  "markup.delete",
  "cpq.delete",
  "form.delete",
];
/** What only the top roles of a level have beside the table. */
const top: readonly Right[] = [
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
const LINES: Readonly<Record<string, Line>> = {
  distributor_admin: {
    rank: 90,
    organizations: "all",
    cells: "E E E E E E V E E V",
    beside: [...COST, ...DELETION, ...top],
    invites: EVERY_ROLE,
  },
  distributor_read_only: {
    rank: 80,
    organizations: "all",
    cells: "V V V V V V V V V V",
    beside: [...COST, "account.view_security"],
    invites: [],
  },
  seller_admin: {
    rank: 70,
    organizations: "all",
    cells: "E E E E E E V E E V",
    beside: [...COST, ...DELETION, ...top],
    invites: EVERY_ROLE,
  },
  account_manager: {
    rank: 60,
    organizations: "all",
    cells: "E E E E V V V E V V",
    beside: [...COST, "account.view_security"],
    invites: ["subscriptions_manager", "seller_billing_admin", "support_agent", ...CUSTOMERS],
  },
  seller_agent_admin: {
    rank: 50,
    organizations: "granted",
    cells: "E E E - V V V E V V",
    beside: COST,
    invites: ["subscriptions_manager", "seller_billing_admin", "report_viewer_360", ...CUSTOMERS],
  },
  subscriptions_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E E - V - V V - -",
    beside: COST,
    invites: CUSTOMERS,
  },
  product_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E V - E - V V - -",
    beside: COST,
    invites: CUSTOMERS,
  },
  seller_billing_admin: {
    rank: 40,
    organizations: "granted",
    cells: "V V V V - E V V - -",
    beside: COST,
    invites: CUSTOMERS,
  },
  support_agent: { rank: 30, organizations: "granted", cells: "V V V - - - V V - V", invites: CUSTOMERS },
  reseller_report: {
    rank: 20,
    organizations: "granted",
    cells: "- - - - - - V - - -",
    beside: ["organization.view_reports"],
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
    beside: ["member.delete", "api_key.view", "api_key.create", "api_key.revoke"],
    invites: CUSTOMERS,
  },
  customer_billing_admin: {
    rank: 12,
    organizations: "home",
    cells: "V V V - - E V V - -",
    without: ["invoice.create", "invoice.edit"],
    invites: [],
  },
  customer: {
    rank: 10,
    organizations: "home",
    cells: "- V E - - - - - - -",
    invites: ["customer_billing_admin"],
  },
};

function role({ rank, organizations, cells, beside = [], without = [], invites, reportsOnly }: Line): Role {
  const marks = cells.split(" ") as Cell[];
  const held = AREA_NAMES.flatMap((area, index) => [
    ...(marks[index] === "-" ? [] : AREAS[area].V),
    ...(marks[index] === "E" ? AREAS[area].E : []),
  ]).filter((right) => !without.includes(right));
  return {
    rank,
    mayInvite: invites,
    creditLimit: false,
    ownKeys: true,
    rights: {
      ...everything([...held, ...beside, ...(invites.length > 0 ? ["member.create" as const] : [])]),
      ...(marks[0] === "-" ? {} : { "organization.view": organizations }),
      ...(reportsOnly ? { "organization.view_reports": organizations } : {}),
    },
  };
}

export const rolesOf = (names: readonly string[]): Record<string, Role> =>
  Object.fromEntries(names.flatMap((name) => (LINES[name] === undefined ? [] : [[name, role(LINES[name])]])));
