import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export interface Plan {
  /** Operators may act only with this; the sales contact is in the refusal. */
  readonly restrictedAccounts: boolean;
  readonly memberLimit: number | null;
  readonly contactUrl: string | null;
}

export const SUBSCRIPTION_STATUSES = ["active", "past_due", "canceled", "none"] as const;

export interface Subscription {
  readonly status: (typeof SUBSCRIPTION_STATUSES)[number];
  readonly tier: string | null;
  /** Milliseconds since the epoch; past it the subscription no longer counts as active. */
  readonly currentPeriodEnd: number | null;
}

export interface Settings {
  readonly membersMayCreateKeys: boolean;
  /** Themes are licensed one by one: a member needs a grant on each, or on all. */
  readonly perThemeRestrictions: boolean;
  readonly inviteOnlyAdmins: boolean;
  readonly customersMayInviteBillingAdmin: boolean;
  readonly billingAdminVisibleToCustomer: boolean;
  /** ISO 4217. */
  readonly currency: string;
  readonly locale: Locale;
  /** A name of the IANA list. Dates without a time in reports and filters are days of this zone. */
  readonly timeZone: string;
  /** How long an invitation is good for. */
  readonly invitationTtlMs: number;
  /** Domains whose addresses may be invited; none is any. */
  readonly allowedEmailDomains: readonly string[];
}

export const LOCALES = ["en", "ru"] as const;
export type Locale = (typeof LOCALES)[number];

/** What an account's owner tells of it: for dealers and organizations. */
export interface Profile {
  readonly phone?: string | null;
  readonly address?: string | null;
  readonly city?: string | null;
  readonly country?: string | null;
  readonly taxId?: string | null;
  readonly website?: string | null;
}

export const account = sqliteTable("account", {
  id: text().primaryKey(),
  kind: text().notNull(),
  name: text().notNull(),
  /** As it is compared. */
  nameFolded: text("name_folded").notNull().default(""),
  parentId: text("parent_id"),
  ownerMemberId: text("owner_member_id").notNull(),
  plan: text({ mode: "json" }).$type<Plan>().notNull(),
  subscription: text({ mode: "json" }).$type<Subscription>().notNull(),
  settings: text({ mode: "json" }).$type<Settings>().notNull(),
  allowedIps: text("allowed_ips", { mode: "json" }).$type<string[]>().notNull(),
  profile: text({ mode: "json" }).$type<Profile>().notNull().default({}),
  /** Mails a day that the account may cause; null is the default of the gate. */
  mailsPerDay: integer("mails_per_day"),
  /**
   * Since when the database is known to be behind what was sealed: no call is answered until the platform
   * accepts that.
   */
  restoredAt: integer("restored_at"),
  version: integer().notNull().default(1),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export const user = sqliteTable("user", {
  id: text().primaryKey(),
  email: text().notNull(),
  emailVerifiedAt: integer("email_verified_at"),
  locale: text().notNull().default("en"),
  createdAt: integer("created_at").notNull(),
});

export const MEMBER_STATUSES = ["new", "active", "blocked"] as const;
/** Mails that a member may do without. */
export interface Notifications {
  /** None but those that signing in and security need. */
  readonly unsubscribed: boolean;
  /** A person whom the member invited has joined. */
  readonly invitations: boolean;
  /** The member's own access has changed. */
  readonly access: boolean;
  /** The credit limit is nearly reached. */
  readonly credits: boolean;
}

export const LIMIT_PERIODS = ["lifetime", "day", "week", "month"] as const;
export type LimitPeriod = (typeof LIMIT_PERIODS)[number];

export const member = sqliteTable("member", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  /** Who signs in as this member: known once the invitation was accepted. */
  userId: text("user_id"),
  /** Four digits, in the models that have them. */
  login: text(),
  username: text().notNull(),
  /** As it is compared. */
  usernameFolded: text("username_folded").notNull().default(""),
  phoneFolded: text("phone_folded").notNull().default(""),
  mobilePhoneFolded: text("mobile_phone_folded").notNull().default(""),
  firstName: text("first_name").notNull(),
  middleName: text("middle_name"),
  lastName: text("last_name").notNull(),
  /** For contact only: no person signs in by it. */
  email: text().notNull(),
  emailVerifiedAt: integer("email_verified_at"),
  /** The version of the card by which it got this address. */
  emailChange: integer("email_change").notNull().default(0),
  /** The member who changed it last; null while it is as it was made. */
  emailBy: text("email_by"),
  /** Since when the person's address signs in as this member. */
  signInSince: integer("sign_in_since"),
  externalId: text("external_id"),
  phone: text(),
  mobilePhone: text("mobile_phone"),
  position: text(),
  office: text(),
  department: text(),
  city: text(),
  country: text(),
  comments: text(),
  notifications: text({ mode: "json" }).$type<Partial<Notifications>>().notNull().default({}),
  status: text({ enum: MEMBER_STATUSES }).notNull(),
  source: text({ enum: ["local", "external"] })
    .notNull()
    .default("local"),
  roles: text({ mode: "json" }).$type<string[]>().notNull(),
  rights: text({ mode: "json" }).$type<string[]>().notNull(),
  objectGroupIds: text("object_group_ids", { mode: "json" }).$type<string[]>().notNull(),
  allowedIps: text("allowed_ips", { mode: "json" }).$type<string[]>().notNull(),
  creditLimit: integer("credit_limit"),
  limitPeriod: text("limit_period", { enum: LIMIT_PERIODS }).notNull().default("lifetime"),
  language: text({ enum: LOCALES }),
  invitedBy: text("invited_by"),
  version: integer().notNull().default(1),
  createdAt: integer("created_at").notNull(),
  acceptedAt: integer("accepted_at"),
  lastLoginAt: integer("last_login_at"),
  blockedAt: integer("blocked_at"),
  updatedAt: integer("updated_at").notNull(),
});

/**
 * Which member ever opened a way in for which other: added them, wrote the address on their card, or made a
 * key for them. Triggers add the rows. They are never changed, and outlive both members.
 */
export const opener = sqliteTable(
  "opener",
  {
    memberId: text("member_id").notNull(),
    openedBy: text("opened_by").notNull(),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.openedBy] })],
);

export const ACCESS_LEVELS = ["view", "edit", "owner"] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

export const accessGrant = sqliteTable(
  "access_grant",
  {
    memberId: text("member_id").notNull(),
    resourceType: text("resource_type").notNull(),
    /** "0" stands for every object of the type, later ones too. */
    resourceId: text("resource_id").notNull(),
    access: text({ enum: ACCESS_LEVELS }).notNull(),
    accountId: text("account_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.memberId, table.resourceType, table.resourceId] })],
);

/**
 * Roles that an account made for itself, beside those of its model. Their ids stand among the roles of
 * members.
 */
export const role = sqliteTable("role", {
  id: text().primaryKey(),
  accountId: text("account_id").notNull(),
  name: text().notNull(),
  /** As it is compared. */
  nameFolded: text("name_folded").notNull().default(""),
  description: text().notNull(),
  rights: text({ mode: "json" }).$type<string[]>().notNull(),
  grants: text({ mode: "json" })
    .$type<{ resourceType: string; resourceId: string; access: AccessLevel }[]>()
    .notNull(),
  version: integer().notNull().default(1),
  createdBy: text("created_by").notNull(),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export type RoleRow = typeof role.$inferSelect;
