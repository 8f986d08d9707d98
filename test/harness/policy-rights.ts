/**
 * Which rights exist in which model: the first of the tables that people agreed on, written by hand a second
 * time. Nothing here is taken from the program's own tables.
 */

/** On which objects a role has a right: on all, the own, active ones, the own account, granted ones, … */
export type RightExtent =
  | "all"
  | "own"
  | "active"
  | "home"
  | "granted"
  | "granted + below"
  | "own + granted"
  | "own + granted, in granted";
export type AccountKind =
  | "vendor"
  | "team"
  | "distributor"
  | "seller"
  | "customer_org"
  | "dealer"
  | "subdealer"
  | "agency";

/** `product view edit` on a line is product.view and product.edit. */
export const rightsOf = (...texts: readonly string[]): string[] =>
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
export const MODEL_RIGHTS: Readonly<Record<AccountKind, readonly string[]>> = {
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
