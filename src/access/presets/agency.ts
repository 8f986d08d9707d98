import { rightsOfColumn, COMMON_RIGHTS, rightsEverywhere, type Preset, type RoleScope } from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";

const rights: readonly Right[] = [
  ...COMMON_RIGHTS,
  ...rightsOf("task", "report", "billing"),
  "tool.view",
  "invoice.view",
];

type Row = readonly [manager: RoleScope | null, specialist: RoleScope | null, guest: RoleScope | null];

const no = null;

/** What is not in this table belongs to the owner alone. */
const TABLE = {
  //                   manager  specialist           guest
  "tool.view": ["all", "granted", "granted"],
  "task.view": ["all", "own_or_granted", "below"],
  "task.create": ["all", "own_or_granted_in", no],
  "task.edit": ["all", "own_or_granted_in", no],
  "task.update": ["all", "own_or_granted_in", no],
  "report.download": ["all", "own", "own"],
  "credits.spend": ["all", "all", no],
  "credits.view": ["own", "own", no],
  "api_key.view": ["own", "own", no],
  "api_key.revoke": ["own", "own", no],
} as const satisfies Partial<Record<Right, Row>>;

/** An agency and its sub-accounts, who work with the platform's tools on the agency's credits. */
export const agency: Preset = {
  model: "agency",
  topRole: "owner",
  rights: new Set(rights),
  roles: {
    owner: {
      rank: 40,
      rights: rightsEverywhere(rights),
      mayInvite: ["owner", "manager", "specialist", "guest"],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
    manager: {
      rank: 30,
      rights: rightsOfColumn(TABLE, 0),
      mayInvite: [],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
    specialist: {
      rank: 20,
      rights: rightsOfColumn(TABLE, 1),
      mayInvite: [],
      creditLimit: true,
      canMakeOwnKeys: true,
    },
    guest: {
      rank: 10,
      rights: rightsOfColumn(TABLE, 2),
      mayInvite: [],
      creditLimit: false,
      canMakeOwnKeys: false,
      requiredGrantType: "task",
      isReadOnly: true,
    },
  },
  suggestedRole: "specialist",
  removal: "tasks",
  restrictedRoles: [],
  bundles: {},
  tree: null,
  switches: {},
};
