import { type Preset, PLATFORM_RIGHTS, type Role } from "../preset.ts";

const rights: Role["rights"] = {
  ...Object.fromEntries(PLATFORM_RIGHTS.map((right) => [right, "all"])),
  "account.view": "all", "account.edit": "all",
  "member.view": "all", "member.create": "all", "member.edit": "all", "member.block": "all",
  "api_key.view": "all", "api_key.create": "all", "api_key.revoke": "all",
  "audit.view": "all",
};

/** Whoever runs the deployment: makes accounts, sets plans and subscriptions, gives credits. Owns nothing else. */
export const platform: Preset = {
  model: "platform",
  topRole: "owner",
  roles: { owner: { rank: 30, rights, mayInvite: ["owner"], creditLimit: false, ownKeys: true } },
  restrictedRoles: [],
  bundles: {},
};
