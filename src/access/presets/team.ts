import type { Right } from "../right.ts";
import { column, EVERYTHING, type Preset, type Scope } from "../preset.ts";

type Row = readonly [member: Scope | null, viewer: Scope | null];

const no = null;

const TABLE = {
  //                    member  viewer
  "account.view":      [no,     no],
  "account.edit":      [no,     no],
  "member.view":       [no,     no],
  "member.create":     [no,     no],
  "member.edit":       [no,     no],
  "member.block":      [no,     no],
  "grant.edit":        [no,     no],
  "api_key.view":      ["own",  no],
  "api_key.create":    [no,     no],
  "api_key.revoke":    ["own",  no],
  "audit.view":        ["own",  no],
  "credits.view":      ["own",  no],
  "credits.spend":     ["all",  no],
  "catalog.view":      ["all",  "all"],
  "license.view":      ["own",  "active"],
  "license.provision": ["all",  no],
  "license.purchase":  [no,     no],
  "license.revoke":    [no,     no],
  "theme.download":    ["all",  no],
  "report.download":   [no,     "all"],
  "billing.view":      [no,     no],
  "billing.edit":      [no,     no],
  "invoice.view":      [no,     no],
} as const satisfies Partial<Record<Right, Row>>;

/** A licensing team. The admin may do everything; a member provisions within the account's and the own limit; a viewer only reads. */
export const team: Preset = {
  model: "team",
  topRole: "admin",
  roles: {
    admin: { rank: 30, rights: EVERYTHING, mayInvite: ["admin", "member", "viewer"], creditLimit: false },
    member: { rank: 20, rights: column(TABLE, 0), mayInvite: [], creditLimit: true },
    viewer: { rank: 10, rights: column(TABLE, 1), mayInvite: [], creditLimit: false },
  },
  restrictedRoles: [],
  bundles: {},
};
