import { admitsMoreAddresses } from "../gate/permits/access-gain.ts";
import { DEFAULT_SETTINGS } from "../gate/principals/settings.ts";
import type { Settings } from "../kernel/schema/team.ts";

type Loosenable = { readonly settings: Partial<Settings>; readonly allowedIps: readonly string[] };

const isOn = (before: boolean, after: boolean): boolean => after && !before;
const isOff = (before: boolean, after: boolean): boolean => before && !after;
const isSame = (): boolean => false;

/** For each setting: does this change of it hold members back less than before? */
const LOOSENS: {
  readonly [name in keyof Settings]: (before: Settings[name], after: Settings[name]) => boolean;
} = {
  membersMayCreateKeys: isOn,
  customersMayInviteBillingAdmin: isOn,
  billingAdminVisibleToCustomer: isOn,
  inviteOnlyAdmins: isOff,
  perThemeRestrictions: isOff,
  allowedEmailDomains: admitsMoreAddresses,
  currency: isSame,
  locale: isSame,
  timeZone: isSame,
  invitationTtlMs: (before, after) => after > before,
};

/** Does this change of an account hold its members back less than before? */
export function loosens(row: Loosenable, wanted: Loosenable): boolean {
  const settings = (of: Loosenable): Settings => ({ ...DEFAULT_SETTINGS, ...of.settings });
  const [before, after] = [settings(row), settings(wanted)];
  const isLoosened = <Name extends keyof Settings>(name: Name): boolean =>
    LOOSENS[name](before[name], after[name]);
  return (
    (Object.keys(LOOSENS) as (keyof Settings)[]).some(isLoosened) ||
    admitsMoreAddresses(row.allowedIps, wanted.allowedIps)
  );
}
