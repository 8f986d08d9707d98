import { z } from "zod";
import type { GrantRow } from "../access/preset.ts";
import { RIGHT_NAMES } from "../access/right.ts";
import { ADDRESS_RULES_MAX } from "../identity/address.ts";
import { text } from "../kernel/body.ts";
import { iso, isoOrNull } from "../kernel/clock.ts";
import { ACCESS_LEVELS, LIMIT_PERIODS, LOCALES, MEMBER_STATUSES, type member } from "../schema/team.ts";

export const email = z.string().trim().toLowerCase().pipe(z.email().max(254));

export const Grant = z.strictObject({
  resourceType: z.string().max(40),
  resourceId: z.string().max(64).default("0").describe("\"0\" is every object of the type, those made later too."),
  access: z.enum(ACCESS_LEVELS),
});

/** At most this many grants on one member, as one call gives them. */
export const GRANTS_MAX = 500;
export const Grants = z.array(Grant).max(GRANTS_MAX);

const person = {
  username: text(100),
  firstName: text(100),
  lastName: text(100),
  email,
  phone: text(40).nullable(),
  mobilePhone: text(40).nullable(),
  position: text(100).nullable(),
  language: z.enum(LOCALES).nullable().describe("What hints and mails are written in; null: the account's."),
};

const power = {
  roles: z.array(z.string().max(40)).max(10),
  rights: z.array(z.enum(RIGHT_NAMES)).max(RIGHT_NAMES.length).describe("Rights beside those of the roles."),
  allowedIps: z.array(z.string().max(64)).max(ADDRESS_RULES_MAX),
  creditLimit: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().describe("Credits; null is no limit."),
  limitPeriod: z.enum(LIMIT_PERIODS),
};

const consent = {
  allowAny: z.boolean().default(false).describe("Lets a rule for every address be stored."),
  confirmLockout: z.boolean().default(false).describe("Lets you store rules that leave out your own address."),
};

export const NewMember = z.strictObject({
  ...person,
  username: person.username.optional(), phone: person.phone.default(null), mobilePhone: person.mobilePhone.default(null), position: person.position.default(null), language: person.language.default(null),
  roles: power.roles.default([]), rights: power.rights.default([]), allowedIps: power.allowedIps.default([]),
  creditLimit: power.creditLimit.default(null), limitPeriod: power.limitPeriod.default("lifetime"),
  grants: Grants.default([]), allowAny: consent.allowAny,
});

export const MemberPatch = z.strictObject({ ...z.object({ ...person, ...power }).partial().shape, ...consent });

export const MemberCard = z.object({
  id: z.string(), accountId: z.string(), ...z.object(person).shape, email: z.string(), status: z.enum(MEMBER_STATUSES), source: z.enum(["local", "external"]),
  roles: z.array(z.string()), rights: z.array(z.string()), objectGroupIds: z.array(z.string()), grants: z.array(Grant), allowedIps: z.array(z.string()),
  creditLimit: z.number().nullable(), limitPeriod: z.enum(LIMIT_PERIODS),
  createdAt: z.string(), updatedAt: z.string(), blockedAt: z.string().nullable(), version: z.number(),
});

export type MemberRow = typeof member.$inferSelect;

/** What an answer shows of a member. */
export const memberCard = (row: MemberRow, grants: readonly GrantRow[]) => ({
  id: row.id, accountId: row.accountId, username: row.username, firstName: row.firstName, lastName: row.lastName, email: row.email,
  phone: row.phone, mobilePhone: row.mobilePhone, position: row.position, status: row.status, source: row.source,
  language: row.language, roles: row.roles, rights: row.rights, objectGroupIds: row.objectGroupIds,
  grants: grants.map(({ resourceType, resourceId, access }) => ({ resourceType, resourceId, access })),
  allowedIps: row.allowedIps, creditLimit: row.creditLimit, limitPeriod: row.limitPeriod,
  createdAt: iso(row.createdAt), updatedAt: iso(row.updatedAt), blockedAt: isoOrNull(row.blockedAt), version: row.version,
});
