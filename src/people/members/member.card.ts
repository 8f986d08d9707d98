import { isDistinct } from "../../kernel/distinct.ts";
import { z } from "zod";
import { RightName } from "../../access/right-name.ts";
import { presetOfKind } from "../../access/model.ts";
import type { GrantRow } from "../../access/preset.ts";
import { RIGHT_NAMES } from "../../access/right.ts";
import { ADDRESS_RULES_MAX } from "../../gate/credentials/address-rule.ts";
import { ACCOUNT_TYPES, accountTypeOf } from "./account-type.ts";
import { displayName, optionalName, optionalMultilineText, optionalText } from "../../kernel/http/body.ts";
import { iso, isoOrNull } from "../../kernel/clock.ts";
import { emailAddress } from "../../kernel/text/email.ts";
import { DEFAULT_NOTIFICATIONS } from "../../channels/mail/notice.ts";
import { LIMIT_PERIODS, LOCALES, MEMBER_STATUSES, type member } from "../../kernel/schema/team.ts";
import { Grant, Grants } from "../rights/grant.card.ts";
import { ruleText } from "../../kernel/messages/rule-text.ts";

/** What may be left out of a person. */
const optionalPersonFields = {
  middleName: optionalName(100),
  phone: optionalText(40),
  mobilePhone: optionalText(40),
  position: optionalText(100),
  office: optionalText(100),
  department: optionalText(100),
  city: optionalText(100),
  country: optionalText(100),
  comments: optionalMultilineText(1000),
  language: z.enum(LOCALES).nullable().describe("What hints and mails are written in; null: the account's."),
};

const personFields = {
  username: displayName(100),
  firstName: displayName(100),
  lastName: displayName(100),
  email: emailAddress,
  ...optionalPersonFields,
};

/** Nothing may be missing of these; the others may be null. */
export const REQUIRED_FIELDS = [
  "username",
  "firstName",
  "lastName",
  "email",
] as const satisfies readonly (keyof typeof personFields)[];

/** Fields that the card shows and no caller can set. */
export const READ_ONLY_FIELDS = [
  "id",
  "accountId",
  "login",
  "dealer",
  "status",
  "source",
  "externalId",
  "emailVerified",
  "signInEmail",
  "signInSince",
  "highlight",
  "assessments",
  "invitedBy",
  "createdAt",
  "acceptedAt",
  "lastLoginAt",
  "blockedAt",
  "updatedAt",
  "version",
] as const;

export const Notifications = z
  .strictObject({
    unsubscribed: z.boolean().describe("No mails but those that signing in and security need."),
    invitations: z.boolean().describe("A person whom the member invited has joined."),
    access: z.boolean().describe("The member's own access was changed."),
    credits: z.boolean().describe("The member's credit limit is nearly reached."),
  })
  .meta({ id: "Notifications" });

const accessFields = {
  roles: z.array(z.string().max(40)).max(10).describe("Keys of roles; a custom role by its id."),
  rights: z.array(RightName).max(RIGHT_NAMES.length).describe("Rights beside those of the roles."),
  allowedIps: z
    .array(z.string().max(64))
    .max(ADDRESS_RULES_MAX)
    .describe("Addresses and ranges to call from; none: any."),
  creditLimit: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .nullable()
    .describe("Credits; null is no limit."),
  limitPeriod: z.enum(LIMIT_PERIODS).describe("Afterwards the limit begins again; lifetime: never."),
};

const addressRuleConsent = {
  allowAny: z.boolean().default(false).describe("Lets a rule for every address be stored."),
  confirmLockout: z
    .boolean()
    .default(false)
    .describe("Lets you store rules that leave out your own address."),
};

const optionalFieldDefaults = {
  middleName: personFields.middleName.default(null),
  phone: personFields.phone.default(null),
  mobilePhone: personFields.mobilePhone.default(null),
  position: personFields.position.default(null),
  office: personFields.office.default(null),
  department: personFields.department.default(null),
  city: personFields.city.default(null),
  country: personFields.country.default(null),
  comments: personFields.comments.default(null),
  language: personFields.language.default(null),
};

/** Which object groups a member sees. */
export const GroupIds = z
  .array(z.string().max(64))
  .max(200)
  .refine(isDistinct, ruleText("members.groupTwice"))
  .describe('"all" is every group. None: the member sees no object.');

export const NewMember = z.strictObject({
  ...personFields,
  username: personFields.username.optional().describe("The first and the last name by default."),
  ...optionalFieldDefaults,
  roles: accessFields.roles.default([]),
  rights: accessFields.rights.default([]),
  allowedIps: accessFields.allowedIps.default([]),
  creditLimit: accessFields.creditLimit.default(null),
  limitPeriod: accessFields.limitPeriod.default("lifetime"),
  grants: Grants.default([]),
  allowAny: addressRuleConsent.allowAny,
  objectGroupIds: z.array(z.string().max(64)).max(200).default([]),
  notifications: Notifications.partial().default({}),
  externalId: optionalText(200)
    .default(null)
    .describe("The member's id in the system that it comes from; unique in the account."),
});

export const MemberPatch = z.strictObject({
  ...z.object({ ...personFields, ...accessFields }).partial().shape,
  ...addressRuleConsent,
});

export const MemberCard = z
  .object({
    id: z.string(),
    accountId: z.string(),
    login: z.string().nullable().describe("Four digits, in dealers' accounts."),
    dealer: z.string().optional().describe("Dealers and sub-dealers: the name of the account."),
    ...z.object(personFields).shape,
    username: z.string(),
    email: z.string(),
    firstName: z.string().nullable().describe("Null until it is given: an invitation may leave names out."),
    lastName: z.string().nullable(),
    emailVerified: z.boolean().describe("A reader of this mailbox has confirmed the address."),
    externalId: z.string().nullable(),
    loginAllowed: z.boolean().describe("False while the member is blocked."),
    highlight: z.literal("orange").nullable().describe("How a list marks a blocked member."),
    status: z.enum(MEMBER_STATUSES).describe("new: before the first sign-in."),
    source: z.enum(["local", "external"]).describe("external: added by another system."),
    accountType: z
      .enum(ACCOUNT_TYPES)
      .optional()
      .describe("Agencies: the kind of account that the roles make it."),
    roles: z.array(z.string()),
    rights: z.array(z.string()),
    objectGroupIds: z.array(z.string()).describe('"all" is every group.'),
    grants: z.array(Grant),
    allowedIps: z.array(z.string()),
    creditLimit: z.number().nullable().describe("Credits in a period; null: no limit."),
    limitPeriod: z.enum(LIMIT_PERIODS),
    notifications: Notifications,
    invitedBy: z.string().nullable().describe("The member who added this one."),
    createdAt: z.string(),
    acceptedAt: z.string().nullable().describe("When the invitation was accepted."),
    lastLoginAt: z.string().nullable(),
    blockedAt: z.string().nullable(),
    updatedAt: z.string(),
    version: z.int(),
    readOnlyFields: z.array(z.string()).describe("Shown, and not to be changed here."),
    requiredFields: z.array(z.string()).describe("Never null."),
  })
  .meta({ id: "Member" });

export type MemberRow = typeof member.$inferSelect;

/** The account that a member belongs to, as far as a card shows it. */
interface CardAccount {
  readonly kind: string;
  readonly name: string;
}

/** Only members of dealers' accounts have a login of four digits and are called by their dealer. */
const isDealer = ({ kind }: CardAccount): boolean => presetOfKind(kind).hasLoginNumbers === true;

/** What an answer shows of a member. @param account the member's own */
export const memberCard = (row: MemberRow, grants: readonly GrantRow[], account: CardAccount) => ({
  id: row.id,
  accountId: row.accountId,
  login: row.login,
  ...(isDealer(account) ? { dealer: account.name } : {}),
  username: row.username,
  firstName: row.firstName || null,
  middleName: row.middleName,
  lastName: row.lastName || null,
  email: row.email,
  emailVerified: row.emailVerifiedAt !== null,
  phone: row.phone,
  mobilePhone: row.mobilePhone,
  position: row.position,
  office: row.office,
  department: row.department,
  city: row.city,
  country: row.country,
  comments: row.comments,
  status: row.status,
  loginAllowed: row.status !== "blocked",
  highlight: row.status === "blocked" ? ("orange" as const) : null,
  source: row.source,
  externalId: row.externalId,
  language: row.language,
  ...accountTypeOf(row.roles),
  notifications: { ...DEFAULT_NOTIFICATIONS, ...row.notifications },
  roles: row.roles,
  rights: row.rights,
  objectGroupIds: row.objectGroupIds,
  grants: grants.map(({ resourceType, resourceId, access }) => ({ resourceType, resourceId, access })),
  allowedIps: row.allowedIps,
  creditLimit: row.creditLimit,
  limitPeriod: row.limitPeriod,
  invitedBy: row.invitedBy,
  createdAt: iso(row.createdAt),
  acceptedAt: isoOrNull(row.acceptedAt),
  lastLoginAt: isoOrNull(row.lastLoginAt),
  blockedAt: isoOrNull(row.blockedAt),
  updatedAt: iso(row.updatedAt),
  version: row.version,
  readOnlyFields: READ_ONLY_FIELDS.filter((field) => field !== "dealer" || isDealer(account)),
  requiredFields: REQUIRED_FIELDS,
});
