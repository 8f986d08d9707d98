import type { Right } from "../right.ts";
import { column, EVERYTHING, type Preset, type Scope } from "../preset.ts";

type Row = readonly [member: Scope | null, viewer: Scope | null];

const no = null;

/** What is not in this table belongs to the admin alone. */
const TABLE = {
  //                    member  viewer
  "api_key.view":      ["own",  no],
  "api_key.revoke":    ["own",  no],
  "audit.view":        ["own",  no],
  "credits.view":      ["own",  no],
  "credits.spend":     ["all",  no],
  "catalog.view":      ["all",  "all"],
  "license.view":      ["own",  "active"],
  "license.provision": ["all",  no],
  "theme.download":    ["all",  no],
  "report.download":   [no,     "all"],
} as const satisfies Partial<Record<Right, Row>>;

/** A licensing team. The admin may do everything; a member provisions within the account's and the own limit; a viewer only reads. */
export const team: Preset = {
  model: "team",
  topRole: "admin",
  roles: {
    admin: { rank: 30, rights: EVERYTHING, mayInvite: ["admin", "member", "viewer"], creditLimit: false, ownKeys: true },
    member: { rank: 20, rights: column(TABLE, 0), mayInvite: [], creditLimit: true, ownKeys: true },
    viewer: { rank: 10, rights: column(TABLE, 1), mayInvite: [], creditLimit: false, ownKeys: false },
  },
  restrictedRoles: [],
  bundles: {},
};
