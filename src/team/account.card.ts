import { z } from "zod";
import { ACCOUNT_KINDS } from "../access/model.ts";
import { ADDRESS_RULES_MAX } from "../identity/address.ts";
import { text } from "../kernel/body.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { type account, type Plan, type Settings, type Subscription, SUBSCRIPTION_STATUSES } from "../schema/team.ts";
import { email } from "./member.card.ts";

export const PlanBody = z.strictObject({
  restrictedAccounts: z.boolean().describe("The account may have operators with restricted access."),
  memberLimit: z.number().int().min(1).max(1_000_000).nullable().default(null),
  contactUrl: z.string().max(500).regex(/^(?:https:\/\/|mailto:)\S+$/, "must begin with https:// or mailto:").nullable().default(null)
    .describe("Whom a refusal names when the plan lacks a feature."),
});

export const SubscriptionBody = z.strictObject({
  status: z.enum(SUBSCRIPTION_STATUSES),
  tier: text(60).nullable().default(null),
  currentPeriodEnd: z.iso.datetime().nullable().default(null),
});

const kinds = ACCOUNT_KINDS.filter((kind) => kind !== "platform") as [string, ...string[]];

export const NewAccount = z.strictObject({
  kind: z.enum(kinds).describe("Decides the access model: vendor has operators, team has roles."),
  name: text(200),
  owner: z.strictObject({ email, firstName: text(100), lastName: text(100) }),
  plan: PlanBody.optional(),
  subscription: SubscriptionBody.optional(),
});

export const AccountPatch = z.strictObject({
  name: text(200).optional(),
  allowedIps: z.array(z.string().max(64)).max(ADDRESS_RULES_MAX).optional(),
  settings: z.strictObject({ membersMayCreateKeys: z.boolean().optional(), locale: z.enum(["en", "ru"]).optional() }).optional(),
  allowAny: z.boolean().default(false),
  confirmLockout: z.boolean().default(false),
});

export const AccountCard = z.object({
  id: z.string(), kind: z.string(), name: z.string(), ownerMemberId: z.string(), plan: PlanBody, subscription: SubscriptionBody,
  settings: z.object({ membersMayCreateKeys: z.boolean(), locale: z.string() }), allowedIps: z.array(z.string()),
  createdAt: z.string(), updatedAt: z.string(), version: z.number(),
});

export type AccountRow = typeof account.$inferSelect;

export const DEFAULT_PLAN: Plan = { restrictedAccounts: false, memberLimit: null, contactUrl: null };
export const NO_SUBSCRIPTION: Subscription = { status: "none", tier: null, currentPeriodEnd: null };
export const DEFAULT_SETTINGS: Settings = { membersMayCreateKeys: false, locale: "en" };

export const toSubscription = (body: z.infer<typeof SubscriptionBody>): Subscription =>
  ({ ...body, currentPeriodEnd: body.currentPeriodEnd === null ? null : Date.parse(body.currentPeriodEnd) });

export const accountCard = (row: AccountRow) => ({
  id: row.id, kind: row.kind, name: row.name, ownerMemberId: row.ownerMemberId, plan: row.plan,
  subscription: { ...row.subscription, currentPeriodEnd: isoOrNull(row.subscription.currentPeriodEnd) },
  settings: row.settings, allowedIps: row.allowedIps,
  createdAt: iso(row.createdAt), updatedAt: iso(row.updatedAt), version: row.version,
});
