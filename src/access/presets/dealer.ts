import {
  rightsOfColumn,
  COMMON_RIGHTS,
  rightsEverywhere,
  type Preset,
  type Role,
  type RoleScope,
} from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";

const rights: readonly Right[] = [
  ...COMMON_RIGHTS,
  ...rightsOf(
    "object",
    "corporation",
    "object_group",
    "key",
    "request",
    "sos_license",
    "dealer",
    "subdealer",
    "aggregator_license",
    "report",
  ),
  "member.generate_api_token",
];

type Row = readonly [
  user: RoleScope | null,
  subdealer: RoleScope | null,
  client: RoleScope | null,
  aggregator: RoleScope | null,
];

const no = null;

/** What is not in this table belongs to the manager alone, but for what only some are given one by one. */
const TABLE = {
  //                                  user    subdealer  client  aggregator
  "object.view": ["all", "all", "all", "own"],
  "object.create": ["all", no, no, no],
  "object.edit": ["all", no, no, no],
  "corporation.view": ["all", no, no, no],
  "corporation.create": ["all", no, no, no],
  "corporation.edit": ["all", no, no, no],
  "object_group.view": ["all", no, no, no],
  "key.view": ["all", no, "all", "all"],
  "key.generate_license": ["all", "all", no, no],
  "request.view": ["all", no, no, no],
  "sos_license.view": ["all", "own", no, no],
  "sos_license.generate": ["all", "all", no, no],
  "report.download": ["all", no, no, no],
  "report.expiring_licenses": ["all", "all", no, no],
  "report.check_requests_and_keys": ["all", "all", no, no],
  "dealer.view": ["home", "home", no, no],
  "aggregator_license.view": [no, no, no, "own"],
  "aggregator_license.copy": [no, no, no, "own"],
} as const satisfies Partial<Record<Right, Row>>;

/**
 * No role gives it: a manager who needs it gets the right directly. Only the aggregator sees the aggregator's
 * own list.
 */
const INDIVIDUAL_RIGHTS: readonly Right[] = [
  "member.generate_api_token",
  "aggregator_license.view",
  "aggregator_license.copy",
];

const manager: Role = {
  rank: 40,
  rights: rightsEverywhere(rights.filter((right) => !INDIVIDUAL_RIGHTS.includes(right))),
  mayInvite: ["dealer_user", "client"],
  creditLimit: false,
  canMakeOwnKeys: true,
  seesEveryGroup: true,
};
const subdealerRole: Role = {
  rank: 20,
  rights: rightsOfColumn(TABLE, 1),
  mayInvite: [],
  creditLimit: false,
  canMakeOwnKeys: true,
};
const client: Role = {
  rank: 10,
  rights: rightsOfColumn(TABLE, 2),
  mayInvite: [],
  creditLimit: false,
  canMakeOwnKeys: true,
};
const aggregator: Role = {
  rank: 10,
  rights: rightsOfColumn(TABLE, 3),
  mayInvite: [],
  creditLimit: false,
  canMakeOwnKeys: true,
};

/** What of a sub-dealer is seen from above. */
const VIEW_OF_SUBDEALER_RIGHTS: readonly Right[] = ["object.view", "request.view", "member.view"];

/**
 * A dealer: employees, clients and sub-dealers work on objects, their keys and licenses, kept apart by object
 * groups.
 */
export const dealer: Preset = {
  model: "dealer",
  topRole: "dealer_manager",
  rights: new Set(rights),
  roles: {
    dealer_manager: manager,
    dealer_user: {
      rank: 30,
      rights: rightsOfColumn(TABLE, 0),
      mayInvite: [],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
    subdealer: subdealerRole,
    client,
    aggregator,
  },
  suggestedRole: "dealer_user",
  removal: "emptied",
  hasLoginNumbers: true,
  restrictedRoles: [],
  bundles: {},
  tree: {
    reachingRight: "subdealer.view_entities",
    rights: new Set<Right>(VIEW_OF_SUBDEALER_RIGHTS),
    shownRights: VIEW_OF_SUBDEALER_RIGHTS,
    listsMembersBelow: true,
  },
  switches: {},
};

/** A sub-dealer's own account. Its users have exactly what their role names; its accounts below are none. */
export const subdealer: Preset = {
  ...dealer,
  topRole: "subdealer",
  roles: { subdealer: { ...subdealerRole, seesEveryGroup: true }, client, aggregator },
  suggestedRole: "client",
  tree: null,
};
