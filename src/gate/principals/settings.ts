import { DAY_MS } from "../../kernel/clock.ts";
import type { Switches } from "../../access/preset.ts";
import type { Settings } from "../../kernel/schema/team.ts";

export const DEFAULT_SETTINGS: Settings = {
  membersMayCreateKeys: false,
  perThemeRestrictions: false,
  inviteOnlyAdmins: false,
  customersMayInviteBillingAdmin: false,
  billingAdminVisibleToCustomer: false,
  currency: "EUR",
  locale: "en",
  timeZone: "UTC",
  invitationTtlMs: 7 * DAY_MS,
  allowedEmailDomains: [],
};

/** Settings that concern money and signing in, for those with `account.view_security` only. */
export const SECURITY_SETTINGS: readonly (keyof Settings)[] = ["currency", "membersMayCreateKeys"];

/**
 * An account's settings, and the switches that hold in it: a customer's organization goes by its seller's.
 */
export function resolveSettings(
  account: { readonly kind: string; readonly settings: Partial<Settings> },
  above: Partial<Settings> | null,
): { settings: Settings; switches: Switches } {
  const settings = { ...DEFAULT_SETTINGS, ...account.settings };
  return {
    settings,
    switches: account.kind === "customer_org" ? { ...DEFAULT_SETTINGS, ...above } : settings,
  };
}
