import {
  type Area,
  COMMON_RIGHTS,
  everything,
  type Preset,
  type Role,
  type Scope,
  type SwitchTable,
  type Tree,
} from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";

/** What V and E of each area are in rights. E holds V too; to remove belongs to the top roles. */
const AREAS = {
  organizations: {
    V: ["organization.view"],
    E: ["organization.create", "organization.edit"],
    every: "organization.view",
  },
  catalogue: {
    V: ["catalog.view"],
    E: ["catalog.create", "catalog.edit"],
    also: { right: "subscription.create", says: "purchase" },
  },
  subscriptions: { V: ["subscription.view"], E: ["subscription.create", "subscription.edit"] },
  markups: { V: ["markup.view"], E: ["markup.create", "markup.edit"] },
  products: { V: ["cpq.view", "form.view"], E: ["cpq.create", "cpq.edit", "form.create", "form.edit"] },
  billing: { V: ["invoice.view", "billing.view"], E: ["invoice.create", "invoice.edit", "billing.edit"] },
  reports: { V: ["report.download"], E: [], every: "organization.view_reports" },
  users: { V: ["member.view"], E: ["member.edit", "member.block", "grant.edit"] },
  settings: {
    V: ["account.view"],
    E: ["account.view_security", "account.edit"],
    lacking: { right: "account.view_security", says: "not currency and authentication" },
  },
  history: { V: ["audit.view"], E: [] },
} as const satisfies Record<string, Area>;

/** In a customer's organization everything is its own, but for the catalogue, which is the seller's. */
const OWN_AREAS: Readonly<Record<string, Area>> = Object.fromEntries(
  Object.entries(AREAS).map(([name, area]: [string, Area]) => [
    name,
    name === "catalogue" ? area : { ...area, own: true },
  ]),
);

/** "-" nothing, V view, E view, create, edit and cancel. */
type Cell = "-" | "V" | "E";

const AREA_NAMES = Object.keys(AREAS) as readonly (keyof typeof AREAS)[];

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

const CUSTOMERS = ["customer", "customer_admin", "customer_billing_admin"] as const;
const SELLERS = [
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
const DISTRIBUTORS = ["distributor_admin", "distributor_read_only"] as const;
const EVERY_ROLE = [...DISTRIBUTORS, ...SELLERS, ...CUSTOMERS];

const cost: readonly Right[] = ["catalog.view_cost"];
const deletion: readonly Right[] = [
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
    beside: [...cost, ...deletion, ...top],
    invites: EVERY_ROLE,
  },
  distributor_read_only: {
    rank: 80,
    organizations: "all",
    cells: "V V V V V V V V V V",
    beside: [...cost, "account.view_security"],
    invites: [],
  },
  seller_admin: {
    rank: 70,
    organizations: "all",
    cells: "E E E E E E V E E V",
    beside: [...cost, ...deletion, ...top],
    invites: EVERY_ROLE,
  },
  account_manager: {
    rank: 60,
    organizations: "all",
    cells: "E E E E V V V E V V",
    beside: [...cost, "account.view_security"],
    invites: ["subscriptions_manager", "seller_billing_admin", "support_agent", ...CUSTOMERS],
  },
  seller_agent_admin: {
    rank: 50,
    organizations: "granted",
    cells: "E E E - V V V E V V",
    beside: cost,
    invites: ["subscriptions_manager", "seller_billing_admin", "report_viewer_360", ...CUSTOMERS],
  },
  subscriptions_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E E - V - V V - -",
    beside: cost,
    invites: CUSTOMERS,
  },
  product_manager: {
    rank: 40,
    organizations: "granted",
    cells: "V E V - E - V V - -",
    beside: cost,
    invites: CUSTOMERS,
  },
  seller_billing_admin: {
    rank: 40,
    organizations: "granted",
    cells: "V V V V - E V V - -",
    beside: cost,
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

const rolesOf = (names: readonly string[]): Record<string, Role> =>
  Object.fromEntries(names.flatMap((name) => (LINES[name] === undefined ? [] : [[name, role(LINES[name])]])));

const heldBy = (names: readonly string[]): Right[] =>
  Object.values(rolesOf(names)).flatMap((each) => Object.keys(each.rights) as Right[]);

const ofArea = AREA_NAMES.flatMap((area) => [...AREAS[area].V, ...AREAS[area].E]);
const rights: ReadonlySet<Right> = new Set<Right>([
  ...COMMON_RIGHTS.filter((right) => right !== "credits.spend"),
  ...ofArea,
  ...cost,
  ...deletion,
  ...rightsOf("report", "organization"),
]);

/**
 * In an organization below, a role does what it does at home, but for keys, custom roles and spending, which
 * stay in the account.
 */
const tree: Tree = {
  by: "organization.view",
  rights: new Set<Right>([...ofArea, ...cost, ...deletion, "member.create"]),
};

const switches: SwitchTable = {
  admins: ["seller_admin", "distributor_admin"],
  gives: { customersMayInviteBillingAdmin: { role: "customer", gives: "customer_billing_admin" } },
  exists: { customer_billing_admin: "billingAdminVisibleToCustomer" },
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
  roles: rolesOf([...DISTRIBUTORS, "report_viewer_360"]),
  suggestedRole: "distributor_read_only",
  tree,
};
export const seller: Preset = {
  ...common,
  topRole: "seller_admin",
  roles: rolesOf(SELLERS),
  suggestedRole: "subscriptions_manager",
  tree,
};
/**
 * A customer's organization. Its catalogue is the seller's, and what belongs to the seller's side does not
 * exist in it: nobody can be given a look at cost prices there. Its billing admin edits billing data;
 * invoices are written and settled by the seller.
 */
export const customerOrg: Preset = {
  ...common,
  rights: new Set<Right>([
    ...COMMON_RIGHTS.filter((right) => right !== "credits.spend"),
    ...heldBy(CUSTOMERS),
  ]),
  topRole: "customer_admin",
  roles: rolesOf(CUSTOMERS),
  suggestedRole: "customer",
  tree: null,
  areas: OWN_AREAS,
};
