import { rightsEverywhere, type Preset, PLATFORM_RIGHTS } from "../preset.ts";
import { type Right, rightsOf } from "../right.ts";

const rights: readonly Right[] = [
  ...PLATFORM_RIGHTS,
  "account.view",
  "account.view_security",
  "account.edit",
  "member.view",
  "member.create",
  "member.edit",
  "member.block",
  "member.delete",
  "api_key.view",
  "api_key.create",
  "api_key.revoke",
  "hook.view",
  "hook.edit",
  "audit.view",
  // What teams license and agencies work with is offered, and priced, by the platform.
  ...rightsOf("catalog", "tool"),
];

/**
 * The operator of the deployment: makes accounts, sets plans and subscriptions, gives credits, offers themes
 * and tools.
 */
export const platform: Preset = {
  model: "platform",
  topRole: "owner",
  rights: new Set(rights),
  roles: {
    owner: {
      rank: 30,
      rights: rightsEverywhere(rights),
      mayInvite: ["owner"],
      creditLimit: false,
      canMakeOwnKeys: true,
    },
  },
  suggestedRole: "owner",
  removal: "emptied",
  restrictedRoles: [],
  bundles: {},
  tree: null,
  switches: {},
};
