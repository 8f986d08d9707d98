/**
 * The tables that people agreed on, written by hand a second time: which rights exist in which model, and
 * what each role has. Nothing here is taken from the program's own tables.
 */

/** "all" of the model's rights, or right -> where: everywhere, own, active, in the own account, granted, … */
export type Where =
  | "all"
  | "own"
  | "active"
  | "home"
  | "granted"
  | "granted + below"
  | "own + granted"
  | "own + granted, in granted";
export type Kind =
  | "vendor"
  | "team"
  | "distributor"
  | "seller"
  | "customer_org"
  | "dealer"
  | "subdealer"
  | "agency";

/** `product view edit` on a line is product.view and product.edit. */
const rightsOf = (...texts: readonly string[]): string[] =>
  texts
    .join("\n")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .flatMap((line) => {
      const [type, ...verbs] = line.split(/\s+/);
      return verbs.map((verb) => `${type}.${verb}`);
    });

const COMMON = `
  account view view_security edit
  member view create edit block delete
  grant edit
  role edit
  api_key view create revoke
  hook view edit
  audit view
  credits view spend
`;
const REPORTS = "report download expiring_licenses check_requests_and_keys";
const PRODUCTS = `
  product view edit create delete
  license_key view edit create delete
  machine_code view edit create delete
  data_object view edit create delete
  customer view edit create delete
  access_token view edit create delete
  analytics view
  billing view edit
  invoice view
`;
const AGENCY = `
  tool view
  task view edit create update delete
  billing view edit
  invoice view
`;
const DEALER = `
  object view edit create delete
  corporation view edit create delete
  object_group view edit create delete
  key view edit create delete generate_license
  request view
  sos_license view generate
  dealer view edit
  subdealer view_entities
  aggregator_license view copy
  member generate_api_token
`;
const MARKETPLACE = `
  organization view edit create view_reports
  catalog view view_cost edit create delete
  subscription view edit create delete
  markup view edit create delete
  cpq view edit create delete
  form view edit create delete
  invoice view edit create
  billing view edit
`;
const marketplace = rightsOf(COMMON, MARKETPLACE, REPORTS).filter((right) => right !== "credits.spend");

/** Every right that there is in a model. */
export const KNOWN: Readonly<Record<Kind, readonly string[]>> = {
  vendor: rightsOf(COMMON, PRODUCTS, REPORTS),
  team: rightsOf(
    COMMON,
    PRODUCTS,
    REPORTS,
    "theme license download",
    "license view provision purchase revoke",
    "catalog view",
  ),
  distributor: marketplace,
  seller: marketplace,
  // What belongs to the seller's side does not exist in a customer's organization.
  customer_org: rightsOf(
    COMMON,
    "organization view",
    "catalog view",
    "subscription view edit create",
    "invoice view",
    "billing view edit",
    "report download",
  ).filter((right) => right !== "credits.spend"),
  dealer: rightsOf(COMMON, DEALER, REPORTS),
  subdealer: rightsOf(COMMON, DEALER, REPORTS),
  agency: rightsOf(COMMON, AGENCY, REPORTS),
};

/** Role by role what a table of right | role, role, … says. "-" is nothing. */
function columns(
  roles: readonly string[],
  rows: Readonly<Record<string, readonly (Where | "-")[]>>,
): Record<string, Record<string, Where>> {
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

const TEAM = columns(["member", "viewer"], {
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

const SUBACCOUNTS = columns(["manager", "specialist", "guest"], {
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

const DEALERS = columns(["dealer_user", "subdealer", "client", "aggregator"], {
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
const manager = Object.fromEntries(
  KNOWN.dealer
    .filter(
      (right) =>
        !["member.generate_api_token", "aggregator_license.view", "aggregator_license.copy"].includes(right),
    )
    .map((right) => [right, "all" as const]),
);

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
const SELLERS =
  "distributor_admin distributor_read_only seller_admin account_manager seller_agent_admin subscriptions_manager product_manager seller_billing_admin support_agent reseller_report report_viewer_360 customer customer_admin customer_billing_admin".split(
    " ",
  );
/**
 * "v" is V, but for currency and authentication; "e" is E, but invoices are written and settled by the
 * seller.
 */
const CELLS: Readonly<Record<string, string>> = {
  //              dadm dro  sadm acc  agnt subm prod bill supp rrep r360 cust cadm cbil
  organizations: "E    V    E    E    E    V    V    V    V    -    -    -    V    V",
  catalogue: "E    V    E    E    E    E    E    V    V    -    -    V    V    V",
  subscriptions: "E    V    E    E    E    E    V    V    V    -    -    E    E    V",
  markups: "E    V    E    E    -    -    -    V    -    -    -    -    -    -",
  products: "E    V    E    V    V    V    E    -    -    -    -    -    -    -",
  invoices: "E    V    E    V    V    -    -    E    -    -    -    -    -    e",
  reports: "V    V    V    V    V    V    V    V    V    V    V    -    V    V",
  users: "E    V    E    E    E    V    V    V    V    -    -    -    E    V",
  settings: "E    V    E    V    v    -    -    -    -    -    -    -    -    -",
  history: "V    V    V    V    V    -    -    -    V    -    -    -    V    -",
};
/** Whoever may invite somebody adds members. */
export const INVITERS = SELLERS.filter(
  (role) =>
    !["distributor_read_only", "reseller_report", "report_viewer_360", "customer_billing_admin"].includes(
      role,
    ),
);
const SEES_COST =
  "distributor_admin distributor_read_only seller_admin account_manager seller_agent_admin subscriptions_manager product_manager seller_billing_admin";
const TOP = rightsOf(
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
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  distributor_admin: TOP,
  seller_admin: TOP,
  reseller_report: ["organization.view_reports"],
  customer_admin: rightsOf("api_key view create revoke", "member delete"),
};

function marketplaceRole(role: string): Record<string, Where> {
  const mark = (area: string) => CELLS[area]?.split(/\s+/)[SELLERS.indexOf(role)] ?? "-";
  const held = Object.entries(AREAS).flatMap(([area, { V, E }]) => {
    const cell = mark(area);
    const whole = cell === "-" ? [] : cell.toLowerCase() === "v" ? V : [...V, ...E];
    return whole.filter(
      (right) =>
        !(cell === "v" && right === "account.view_security") &&
        !(cell === "e" && ["invoice.create", "invoice.edit"].includes(right)),
    );
  });
  const more = [
    ...(BESIDE[role] ?? []),
    ...(SEES_COST.split(" ").includes(role) ? ["catalog.view_cost"] : []),
    ...(INVITERS.includes(role) ? ["member.create"] : []),
  ];
  const everywhere = Object.fromEntries([...held, ...more].map((right) => [right, "all" as const]));
  const organizations: Where = [
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
  return mark("organizations") === "-" ? everywhere : { ...everywhere, "organization.view": organizations };
}

const marketplaceRoles = (...roles: readonly string[]) =>
  Object.fromEntries(roles.map((role) => [role, marketplaceRole(role)]));

/** What each role has; "all" is all that the model knows. */
export const ROLES: Readonly<
  Record<Kind, Readonly<Record<string, "all" | Readonly<Record<string, Where>>>>>
> = {
  vendor: { owner: "all", operator: {} },
  team: { admin: "all", ...TEAM },
  agency: { owner: "all", ...SUBACCOUNTS },
  dealer: { dealer_manager: manager, ...DEALERS },
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
export const IN_GROUPS = ["object", "key", "request", "sos_license"];
/** Roles that see every group: the manager inside the dealer; a sub-dealer inside their own account. */
export const EVERY_GROUP_ROLES = ["dealer dealer_manager", "subdealer subdealer"];
/** Under what the objects of a type stand. */
export const UNDER: Readonly<Record<string, string>> = { task: "tool" };

/** Which of their rights members take along into an account below, and the right that says into which. */
export const TREE: Readonly<
  Record<string, { readonly by: string; readonly rights: readonly string[]; readonly shows?: true }>
> = {
  dealer: {
    by: "subdealer.view_entities",
    rights: ["object.view", "request.view", "member.view"],
    shows: true,
  },
  distributor: { by: "organization.view", rights: below() },
  seller: { by: "organization.view", rights: below() },
};
/**
 * All of the table's areas; keys, custom roles, credits and removals stay at home, but for a subscription's.
 */
function below(): string[] {
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
