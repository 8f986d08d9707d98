import { rightsOf, type RightExtent } from "./policy-rights.ts";

/**
 * What each role of the marketplace has: the table that people agreed on, written by hand a second time.
 */

/** Area by area what V and E are. */
const AREAS: Readonly<Record<string, { readonly V: readonly string[]; readonly E: readonly string[] }>> = {
  organizations: { V: ["organization.view"], E: rightsOf("organization create edit") },
  catalogue: { V: ["catalog.view"], E: rightsOf("catalog create edit") },
  subscriptions: { V: ["subscription.view"], E: rightsOf("subscription create edit") },
  markups: { V: ["markup.view"], E: rightsOf("markup create edit") },
  products: { V: ["cpq.view", "form.view"], E: rightsOf("cpq create edit\nform create edit") },
  invoices: { V: ["invoice.view", "billing.view"], E: rightsOf("invoice create edit\nbilling edit") },
  reports: { V: ["report.download"], E: [] },
  users: { V: ["member.view"], E: rightsOf("member edit block\ngrant edit") },
  settings: { V: ["account.view", "account.view_security"], E: ["account.edit"] },
  history: { V: ["audit.view"], E: [] },
};
const MARKETPLACE_ROLES = [
  "distributor_admin",
  "distributor_read_only",
  "seller_admin",
  "account_manager",
  "seller_agent_admin",
  "subscriptions_manager",
  "product_manager",
  "seller_billing_admin",
  "support_agent",
  "reseller_report",
  "report_viewer_360",
  "customer",
  "customer_admin",
  "customer_billing_admin",
];
/**
 * One column for each of `SELLERS`, in that order. "v" is V without currency and authentication. "e" is E
 * without writing and settling invoices, which the seller does.
 *
 *              dadm dro  sadm acc  agnt subm prod bill supp rrep r360 cust cadm cbil
 */
const TABLE = `
  organizations E    V    E    E    E    V    V    V    V    -    -    -    V    V
  catalogue     E    V    E    E    E    E    E    V    V    -    -    V    V    V
  subscriptions E    V    E    E    E    E    V    V    V    -    -    E    E    V
  markups       E    V    E    E    -    -    -    V    -    -    -    -    -    -
  products      E    V    E    V    V    V    E    -    -    -    -    -    -    -
  invoices      E    V    E    V    V    -    -    E    -    -    -    -    -    e
  reports       V    V    V    V    V    V    V    V    V    V    V    -    V    V
  users         E    V    E    E    E    V    V    V    V    -    -    -    E    V
  settings      E    V    E    V    v    -    -    -    -    -    -    -    -    -
  history       V    V    V    V    V    -    -    -    V    -    -    -    V    -
`;
const CELLS: ReadonlyMap<string, readonly string[]> = new Map(
  TABLE.trim()
    .split("\n")
    .map((line) => {
      const [area = "", ...cells] = line.trim().split(/\s+/);
      return [area, cells];
    }),
);
/** The roles that may invite: they may add members. */
export const INVITERS = MARKETPLACE_ROLES.filter(
  (role) =>
    !["distributor_read_only", "reseller_report", "report_viewer_360", "customer_billing_admin"].includes(
      role,
    ),
);
/** The first eight: those of the distributor and of the seller, without support and reports. */
const COST_ROLES = MARKETPLACE_ROLES.slice(0, 8);
const TOP_ROLE_RIGHTS = rightsOf(
  "role edit",
  "api_key view create revoke",
  "credits view",
  "hook view edit",
  "member delete",
  "organization view_reports",
  "catalog delete",
  "subscription delete",
  "markup delete",
  "cpq delete",
  "form delete",
);
const EXTRA_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  distributor_admin: TOP_ROLE_RIGHTS,
  seller_admin: TOP_ROLE_RIGHTS,
  reseller_report: ["organization.view_reports"],
  customer_admin: rightsOf("api_key view create revoke", "member delete"),
};

function marketplaceRole(role: string): Record<string, RightExtent> {
  const cellOf = (area: string) => CELLS.get(area)?.[MARKETPLACE_ROLES.indexOf(role)] ?? "-";
  const held = Object.entries(AREAS).flatMap(([area, { V, E }]) => {
    const cell = cellOf(area);
    const whole = cell === "-" ? [] : cell.toLowerCase() === "v" ? V : [...V, ...E];
    return whole.filter(
      (right) =>
        !(cell === "v" && right === "account.view_security") &&
        !(cell === "e" && ["invoice.create", "invoice.edit"].includes(right)),
    );
  });
  const more = [
    ...(EXTRA_RIGHTS[role] ?? []),
    ...(COST_ROLES.includes(role) ? ["catalog.view_cost"] : []),
    ...(INVITERS.includes(role) ? ["member.create"] : []),
  ];
  const everywhere = Object.fromEntries([...held, ...more].map((right) => [right, "all" as const]));
  const organizations: RightExtent = [
    "distributor_admin",
    "distributor_read_only",
    "seller_admin",
    "account_manager",
  ].includes(role)
    ? "all"
    : role.startsWith("customer")
      ? "home"
      : "granted";
  if (role === "report_viewer_360") return { ...everywhere, "organization.view_reports": "granted" };
  return cellOf("organizations") === "-" ? everywhere : { ...everywhere, "organization.view": organizations };
}

export const marketplaceRoles = (...roles: readonly string[]) =>
  Object.fromEntries(roles.map((role) => [role, marketplaceRole(role)]));

/**
 * All of the table's areas; keys, custom roles, credits and removals stay at home, but for a subscription's.
 */
export function rightsBelow(): string[] {
  return [
    ...Object.values(AREAS).flatMap(({ V, E }) => [...V, ...E]),
    "member.create",
    "member.delete",
    "catalog.view_cost",
    "catalog.delete",
    "subscription.delete",
    "markup.delete",
    "cpq.delete",
    "form.delete",
  ];
}
