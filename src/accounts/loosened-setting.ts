import { admitsMoreAddresses } from "../gate/permits/access-gain.ts";
import { DEFAULT_SETTINGS } from "../gate/principals/settings.ts";
import type { Settings } from "../kernel/schema/team.ts";

type Loosenable = { readonly settings: Partial<Settings>; readonly allowedIps: readonly string[] };

const isTurnedOn = (before: boolean, after: boolean): boolean => after && !before;
const isTurnedOff = (before: boolean, after: boolean): boolean => before && !after;
const isNeverLooser = (): boolean => false;

/** For each setting: does this change of it hold members back less than before? */
const IS_LOOSER: {
  readonly [name in keyof Settings]: (before: Settings[name], after: Settings[name]) => boolean;
} = {
  membersMayCreateKeys: isTurnedOn,
  customersMayInviteBillingAdmin: isTurnedOn,
  billingAdminVisibleToCustomer: isTurnedOn,
  inviteOnlyAdmins: isTurnedOff,
  perThemeRestrictions: isTurnedOff,
  allowedEmailDomains: admitsMoreAddresses,
  currency: isNeverLooser,
  locale: isNeverLooser,
  timeZone: isNeverLooser,
  invitationTtlMs: (before, after) => after > before,
};

/** Does this change of an account hold its members back less than before? */
export function loosensAccount(row: Loosenable, updated: Loosenable): boolean {
  const settings = (of: Loosenable): Settings => ({ ...DEFAULT_SETTINGS, ...of.settings });
  const [before, after] = [settings(row), settings(updated)];
  const isLoosened = <Name extends keyof Settings>(name: Name): boolean =>
    IS_LOOSER[name](before[name], after[name]);
  return (
    (Object.keys(IS_LOOSER) as (keyof Settings)[]).some(isLoosened) ||
    admitsMoreAddresses(row.allowedIps, updated.allowedIps)
  );
}
