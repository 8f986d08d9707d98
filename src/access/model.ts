import type { Preset, Role, Switches } from "./preset.ts";
import { agency } from "./presets/agency.ts";
import { dealer, subdealer } from "./presets/dealer.ts";
import { customerOrg, distributor, seller } from "./presets/marketplace.ts";
import { operators } from "./presets/operators.ts";
import { platform } from "./presets/platform.ts";
import { team } from "./presets/team.ts";
import type { Right } from "./right.ts";

/** Which access model an account of each kind runs. */
export const PRESETS = {
  platform,
  vendor: operators,
  team,
  distributor,
  seller,
  customer_org: customerOrg,
  dealer,
  subdealer,
  agency,
} as const satisfies Record<string, Preset>;

export type AccountKind = keyof typeof PRESETS;
export const ACCOUNT_KINDS = Object.keys(PRESETS) as [AccountKind, ...AccountKind[]];

/** Which kind of account stands above which; a kind that is not here stands on its own. */
export const PARENT_KINDS: Readonly<
  Partial<Record<AccountKind, { readonly kind: AccountKind; readonly required: boolean }>>
> = {
  seller: { kind: "distributor", required: false },
  customer_org: { kind: "seller", required: true },
  subdealer: { kind: "dealer", required: true },
};

/** What an account of this kind founds below itself, or null. */
export const kindBelow = (kind: AccountKind): AccountKind | null =>
  ACCOUNT_KINDS.find((each) => PARENT_KINDS[each]?.kind === kind) ?? null;

/**
 * The model as it is written, before any setting.
 * @throws Error on a kind that no preset serves: rows of such a kind cannot be made, so nothing may be
 * decided for one.
 */
export function presetOfKind(kind: string): Preset {
  if (!Object.hasOwn(PRESETS, kind)) throw new Error(`no access model for accounts of kind ${kind}`);
  return PRESETS[kind as AccountKind];
}

const presetCache = new Map<string, Preset>();

/** The model as it holds in an account with these settings. */
export function presetWithSwitches(kind: string, switches: Switches): Preset {
  const { inviteOnlyAdmins, customersMayInviteBillingAdmin, billingAdminVisibleToCustomer } = switches;
  const switchValues = [inviteOnlyAdmins, customersMayInviteBillingAdmin, billingAdminVisibleToCustomer];
  const name = `${kind} ${switchValues.join(" ")}`;
  const preset = presetCache.get(name) ?? applySwitches(presetOfKind(kind), switches);
  presetCache.set(name, preset);
  return preset;
}

function applySwitches(preset: Preset, switches: Switches): Preset {
  const { conditionalRoles = {} } = preset.switches;
  const roles = Object.entries(preset.roles)
    .filter(([name]) => conditionalRoles[name] === undefined || switches[conditionalRoles[name]])
    .map(([name, role]) => [name, applySwitchesToRole(name, role, preset, switches)] as const);
  return { ...preset, roles: Object.fromEntries(roles) };
}

function applySwitchesToRole(
  name: string,
  role: Role,
  { switches: table }: Preset,
  switches: Switches,
): Role {
  const { invitingRoles = [], conditionalInvites = {} } = table;
  const withheld = Object.entries(conditionalInvites)
    .filter(([on, rule]) => rule?.role === name && !switches[on as keyof Switches])
    .map(([, rule]) => rule?.gives);
  const cannotInvite = switches.inviteOnlyAdmins && invitingRoles.length > 0 && !invitingRoles.includes(name);
  const mayInvite = cannotInvite ? [] : role.mayInvite.filter((given) => !withheld.includes(given));
  if (mayInvite.length === role.mayInvite.length) return role;
  // A role that may give no role adds no members.
  const rights = Object.fromEntries(
    Object.entries(role.rights).filter(
      ([right]) => mayInvite.length > 0 || right !== ("member.create" satisfies Right),
    ),
  );
  return { ...role, mayInvite, rights };
}
