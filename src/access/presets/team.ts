import { rightsOfColumn, COMMON_RIGHTS, rightsEverywhere, type Preset, type RoleScope } from "../preset.ts";
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
  ),
  ...rightsOf("theme", "license", "report"),
  "catalog.view",
  "invoice.view",
];

type Row = readonly [member: RoleScope | null, viewer: RoleScope | null];

const no = null;

/** What is not in this table belongs to the admin alone. */
const TABLE = {
  //                    member  viewer
  "api_key.view": ["own", no],
  "api_key.revoke": ["own", no],
  "audit.view": ["own", no],
  "credits.view": ["own", no],
  "credits.spend": ["all", no],
  "catalog.view": ["all", "all"],
  "license.view": ["own", "active"],
  "license.provision": ["all", no],
  "theme.download": ["all", no],
  "report.download": [no, "all"],
} as const satisfies Partial<Record<Right, Row>>;

/**
 * A licensing team. The admin may do everything; a member provisions within the account's and the own limit;
 * a viewer only reads.
 */
export const team: Preset = {
  model: "team",
  topRole: "admin",
  rights: new Set(rights),
  roles: {
    admin: {
      rank: 30,
      rights: rightsEverywhere(rights),
      mayInvite: ["admin", "member", "viewer"],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
    member: {
      rank: 20,
      rights: rightsOfColumn(TABLE, 0),
      mayInvite: [],
      creditLimit: true,
      canMakeOwnKeys: true,
    },
    viewer: {
      rank: 10,
      rights: rightsOfColumn(TABLE, 1),
      mayInvite: [],
      creditLimit: false,
      canMakeOwnKeys: false,
      isKeyless: true,
    },
  },
  suggestedRole: "member",
  removal: "stripped",
  restrictedRoles: [],
  bundles: {},
  tree: null,
  switches: {},
};
