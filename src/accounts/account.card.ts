import { isDistinct } from "../kernel/distinct.ts";
import { ClaimCard } from "../gate/credentials/api-key.card.ts";
import { z } from "zod";
import { ACCOUNT_KINDS, type AccountKind } from "../access/model.ts";
import { ADDRESS_RULES_MAX } from "../gate/credentials/address-rule.ts";
import { RATE_LIMITS } from "../gate/calls/rate-limit.ts";
import { DEFAULT_SETTINGS, SECURITY_SETTINGS } from "../gate/principals/settings.ts";
import { displayName, currency, instant, optionalMultilineText, optionalText } from "../kernel/http/body.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { emailAddress, mailDomain } from "../kernel/text/email.ts";
import { isTimeZone } from "../kernel/time-zone.ts";
import {
  type account,
  LOCALES,
  type Settings,
  type Subscription,
  SUBSCRIPTION_STATUSES,
} from "../kernel/schema/team.ts";
import { MemberCard } from "../people/members/member.card.ts";
import { PlanBody } from "./tiers/plan.card.ts";
import { ruleText } from "../kernel/messages/rule-text.ts";

export const SubscriptionBody = z
  .strictObject({
    status: z.enum(SUBSCRIPTION_STATUSES).describe("Credits are spent while it is active only."),
    tier: optionalText(60).default(null).describe("A key of GET /v1/tiers; null: none."),
    currentPeriodEnd: instant
      .nullable()
      .default(null)
      .describe("When the paid period ends; null: not known."),
  })
  .meta({ id: "NewAccountSubscription" });

export const MailQuotaBody = z
  .strictObject({ mailsPerDay: z.number().int().min(0).max(1_000_000) })
  .meta({ id: "MailQuota" });

const TENANT_KINDS = ACCOUNT_KINDS.filter((kind) => kind !== "platform") as [string, ...string[]];

export const FirstOwnerBody = z
  .strictObject({
    email: emailAddress,
    firstName: displayName(100),
    lastName: displayName(100),
  })
  .meta({ id: "FirstOwner" });

export const NewAccount = z
  .strictObject({
    kind: z
      .enum(TENANT_KINDS)
      .describe(
        "Decides the access model: vendor has operators, team has roles; " +
          "distributor, seller and customer_org are a marketplace; dealer, subdealer; agency.",
      ),
    parentId: z
      .string()
      .max(64)
      .nullable()
      .default(null)
      .describe(
        "The account above it: of a seller its distributor, of a customer_org its seller, " +
          "of a subdealer its dealer.",
      ),
    name: displayName(200),
    owner: FirstOwnerBody,
    plan: PlanBody.optional(),
    subscription: SubscriptionBody.optional(),
  })
  .meta({ id: "NewAccount" });

const INVITATION_TTL_MAX_MS = 30 * 24 * 60 * 60 * 1000;

/** As it stands behind the @ of an address. */
const domain = z
  .string()
  .trim()
  .max(253)
  .transform((value) => mailDomain(value) ?? "")
  .pipe(z.string().regex(/^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z0-9]$/, ruleText("validation.domain")));

const SettingsBody = z.strictObject({
  membersMayCreateKeys: z.boolean(),
  perThemeRestrictions: z
    .boolean()
    .describe("Team: members provision and download only the themes that they have a grant on."),
  inviteOnlyAdmins: z
    .boolean()
    .describe("Marketplace: only admins of the seller or the distributor add members."),
  customersMayInviteBillingAdmin: z
    .boolean()
    .describe("Marketplace: customers may add a billing admin of their organization."),
  billingAdminVisibleToCustomer: z
    .boolean()
    .describe("Marketplace: the role customer_billing_admin exists in customers' organizations."),
  currency,
  locale: z.enum(LOCALES),
  timeZone: z
    .string()
    .max(60)
    .refine(isTimeZone, ruleText("validation.timeZone"))
    .describe("Dates without a time in reports and filters are whole days of this zone."),
  invitationTtlMs: z
    .number()
    .int()
    .min(60_000)
    .max(INVITATION_TTL_MAX_MS)
    .describe("Milliseconds for which the link of an invitation is good, from a minute to 30 days."),
  allowedEmailDomains: z
    .array(domain)
    .max(50)
    .refine(isDistinct, ruleText("validation.domainTwice"))
    .describe("Only addresses at these domains are invited; a subdomain is another domain. None: any."),
});

const profileText = (max: number) => optionalText(max).optional();

export const ProfileBody = z.strictObject({
  phone: profileText(40),
  address: optionalMultilineText(300).optional(),
  city: profileText(100),
  country: profileText(100),
  taxId: profileText(40),
  website: profileText(200),
});

export const AccountPatch = z
  .strictObject({
    name: displayName(200).optional(),
    allowedIps: z.array(z.string().max(64)).max(ADDRESS_RULES_MAX).optional(),
    settings: SettingsBody.partial().optional(),
    profile: ProfileBody.optional(),
    allowAny: z.boolean().default(false),
    confirmLockout: z.boolean().default(false),
  })
  .meta({ id: "AccountPatch" });

const SettingsCard = SettingsBody.partial().meta({ id: "AccountSettings" });

export const AccountCard = z
  .object({
    id: z.string(),
    kind: z.string().describe("The access model."),
    name: z.string(),
    ownerMemberId: z.string().describe("The member who owns the account."),
    plan: PlanBody,
    subscription: SubscriptionBody,
    settings: SettingsCard.describe(
      "Currency and what concerns keys are left out for those who may not see them.",
    ),
    parentId: z.string().nullable().describe("The account above it."),
    profile: ProfileBody,
    mailsPerDay: z
      .number()
      .int()
      .nullable()
      .describe("Mails a day that the account's members may cause. The platform sets it; null: no limit."),
    allowedIps: z.array(z.string()).optional().describe("Left out for those who may not see it."),
    createdAt: z.string(),
    updatedAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Account" });

export const OwnerClaim = z.object({ memberId: z.string(), claim: ClaimCard }).meta({ id: "OwnerClaim" });

/** How the platform makes another claim. */
export const ClaimQuery = z.strictObject({
  revokeKeys: z
    .enum(["true", "false"])
    .default("false")
    .describe("Revoke every API key that the member has, in the same step."),
});

/** What is answered beside the card of a new account. */
export const NewAccountFields = {
  owner: MemberCard,
  claim: ClaimCard.optional(),
};

export type AccountRow = typeof account.$inferSelect;

export const NO_SUBSCRIPTION: Subscription = { status: "none", tier: null, currentPeriodEnd: null };

export const toSubscription = (body: z.infer<typeof SubscriptionBody>): Subscription => ({
  ...body,
  currentPeriodEnd: body.currentPeriodEnd === null ? null : Date.parse(body.currentPeriodEnd),
});

/**
 * Settings that mean something in accounts of these kinds only: elsewhere they are not shown, and refused
 * rather than ignored.
 */
const KINDS_WITH_SETTING: Readonly<Partial<Record<keyof Settings, readonly AccountKind[]>>> = {
  perThemeRestrictions: ["team"],
  inviteOnlyAdmins: ["distributor", "seller"],
  customersMayInviteBillingAdmin: ["seller"],
  billingAdminVisibleToCustomer: ["seller"],
};

/** A setting among these that means nothing in accounts of this kind. */
export const meaninglessSetting = (kind: string, settings: object): string | undefined =>
  Object.keys(settings).find(
    (name) => KINDS_WITH_SETTING[name as keyof Settings]?.includes(kind as AccountKind) === false,
  );

const visibleSettings = ({ kind, settings }: AccountRow, canSeeSecurity: boolean) =>
  Object.fromEntries(
    Object.entries({ ...DEFAULT_SETTINGS, ...settings }).filter(
      ([name]) =>
        meaninglessSetting(kind, { [name]: true }) === undefined &&
        (canSeeSecurity || !SECURITY_SETTINGS.includes(name as keyof Settings)),
    ),
  );

export const accountCard = (row: AccountRow, canSeeSecurity = true) => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  parentId: row.parentId,
  ownerMemberId: row.ownerMemberId,
  plan: row.plan,
  subscription: { ...row.subscription, currentPeriodEnd: isoOrNull(row.subscription.currentPeriodEnd) },
  settings: visibleSettings(row, canSeeSecurity),
  profile: row.profile,
  mailsPerDay: row.kind === "platform" ? null : (row.mailsPerDay ?? RATE_LIMITS.mailsPerAccount.quota),
  ...(canSeeSecurity ? { allowedIps: row.allowedIps } : {}),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  version: row.version,
});
